from collections.abc import Callable, Iterator
from typing import Any

import dattss
import pytest

from tests.clientlib.recorder import Recorder

KEY = "7_" + "1ba5" * 10
NewProcess = Callable[..., dattss.Process]


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    yield recorder
    recorder.down()


@pytest.fixture
def new_process(recorder: Recorder) -> Iterator[NewProcess]:
    """Makes processes that report to the recorder, and stops them at the end."""
    made: list[dattss.Process] = []

    def make(name: str = "api", **settings: Any) -> dattss.Process:
        settings = {"auth": KEY, "url": recorder.url, "interval": 0.05, **settings}
        made.append(dattss.process(name, **settings))
        return made[-1]

    yield make
    recorder.open.set()
    for each in made:
        each.stop(1.0)
