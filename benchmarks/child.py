"""Calls a function in a Python process of its own, so that what it measures is not in the way of anything else.

The function is named `module:function`, gets its arguments as JSON and returns what JSON can say.
"""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


class Child:
    """A running call. `cpu` pins it to one processor."""

    def __init__(
        self, function: str, *, cpu: int | None = None, environment: dict[str, str] | None = None, **given: Any
    ):
        command = [sys.executable, "-m", "benchmarks.child", function, json.dumps(given)]
        self._process = subprocess.Popen(
            pinned(command, cpu),
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT / "clientlib" / "python"), **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, line: str) -> None:
        """Writes a line to the function's standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def ready(self) -> None:
        """Waits until the function has called `ready`."""
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            raise RuntimeError(f"{self._process.args!r} ended with status {self._process.wait()}")

    def result(self) -> Any:
        """What the function returned. Raises RuntimeError when it failed; its traceback is on standard error."""
        with self._process:
            output, _ = self._process.communicate()
        if self._process.returncode:
            raise RuntimeError(f"{self._process.args!r} ended with status {self._process.returncode}")
        return json.loads(output.splitlines()[-1])


def call(function: str, **given: Any) -> Any:
    """The result of a function that runs in a process of its own."""
    return Child(function, **given).result()


def ready() -> None:
    """Tells `Child.ready` that all is prepared, then waits for a line from it."""
    print("ready", flush=True)
    sys.stdin.readline()


def pinned(command: list[str], cpu: int | None) -> list[str]:
    """The command on one processor, where the machine has it."""
    if cpu is None or cpu not in os.sched_getaffinity(0):
        return command
    return ["taskset", "-c", str(cpu), *command]


def main() -> None:
    """What runs in the child."""
    module, function = sys.argv[1].split(":")
    result = getattr(importlib.import_module(module), function)(**json.loads(sys.argv[2]))
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
