import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from accounts.keys import find_key, make_key, revoke
from accounts.models import Account, ApiKey, Scope
from accounts.system_account import ensure_system_account, system_key

ROOT = Path(__file__).resolve().parents[2]
START = """
import sys
from pathlib import Path
import django
django.setup()
from accounts.system_account import ensure_system_account, system_key
print("ready", flush=True)
sys.stdin.readline()
ensure_system_account()
print(system_key(Path(sys.argv[1])), flush=True)
"""


def test_account_0_is_made_once_and_the_next_account_is_1(transactional_db: None) -> None:
    ensure_system_account()
    ensure_system_account()
    assert Account.objects.get().pk == 0
    first = Account.objects.create(name="First").pk
    second = Account.objects.create(name="Second").pk
    assert second == first + 1
    assert first >= 1


def test_the_name_given_to_account_0_later_is_kept(db: None) -> None:
    ensure_system_account()
    Account.objects.filter(pk=0).update(name="Ours")
    ensure_system_account()
    assert Account.objects.get().name == "Ours"


def test_the_key_is_kept_in_a_file_for_this_user_only_and_used_again(db: None, tmp_path: Path) -> None:
    ensure_system_account()
    path = tmp_path / "new" / "system_key"
    raw = system_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["system_key"]
    key = find_key(raw)
    assert key is not None
    assert (key.account_id, key.scope) == (0, Scope.INGEST)
    assert system_key(path) == raw
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff\xfe", b"0_" + b"a" * 40])
def test_a_file_without_a_working_key_is_replaced(db: None, tmp_path: Path, content: bytes) -> None:
    ensure_system_account()
    path = tmp_path / "system_key"
    path.write_bytes(content)
    raw = system_key(path)
    assert find_key(raw) is not None
    assert path.read_text().strip() == raw
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_revoked_key_is_replaced(db: None, tmp_path: Path) -> None:
    ensure_system_account()
    path = tmp_path / "system_key"
    first = system_key(path)
    revoke(ApiKey.objects.get())
    assert system_key(path) != first


def test_a_key_of_another_account_is_not_taken_for_its_own(db: None, tmp_path: Path) -> None:
    ensure_system_account()
    path = tmp_path / "system_key"
    _, foreign = make_key(Account.objects.create(name="Acme"), "a", Scope.INGEST, None)
    path.write_text(foreign)
    assert system_key(path).startswith("0_")


def test_account_0_must_be_there_first(db: None, tmp_path: Path) -> None:
    with pytest.raises(Account.DoesNotExist):
        system_key(tmp_path / "system_key")


def test_two_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    environment = {**os.environ, "DATTSS_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "dattss_site.settings"}
    environment.pop("DATABASE_URL", None)
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True, timeout=120)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", START, str(tmp_path / "system_key")],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    ready = [process.stdout.readline() for process in started if process.stdout]
    for process in started:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    keys = {process.communicate(timeout=60)[0].strip() for process in started}
    assert ready == ["ready\n", "ready\n"]
    assert keys == {(tmp_path / "system_key").read_text().strip()}
    assert [process.returncode for process in started] == [0, 0]
