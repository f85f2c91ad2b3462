"""Whatever fails, every acknowledged value is there, once: short rounds for all faults, many by `make soak`."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from random import Random

import pytest

from tests.reliability import faults, rounds
from tests.reliability.faults import Fault
from tests.reliability.scene import Topology, one_process, with_redis
from tests.reliability.surroundings import no_clock, no_small_disk

SHORT_STALL = 6.0
LONG_STALL = 30.0


def problem_of(topology: Topology, folder: Path, chosen: list[Fault], seed: int) -> str:
    return rounds.play(topology, folder, chosen, seed, SHORT_STALL).problem


def test_a_killed_server_loses_and_doubles_nothing(tmp_path: Path) -> None:
    kills = [faults.KILL_SERVER, faults.KILL_IN_FLUSH]
    assert problem_of(one_process, tmp_path, kills, 1) == ""


@pytest.mark.skipif(bool(no_small_disk()), reason=no_small_disk())
def test_a_full_disk_loses_and_doubles_nothing(tmp_path: Path) -> None:
    assert problem_of(one_process, tmp_path, [faults.FULL_DISK, faults.FULL_DISK], 3) == ""


@pytest.mark.skipif(bool(no_clock()), reason=no_clock())
def test_clock_steps_and_a_stall_lose_and_double_nothing(tmp_path: Path) -> None:
    steps = [faults.CLOCK_FORWARD, faults.STALL_SERVER, faults.CLOCK_BACK, faults.STOP_SERVER]
    assert problem_of(one_process, tmp_path, steps, 3) == ""


def test_redis_and_celery_may_fail(tmp_path: Path) -> None:
    assert problem_of(with_redis, tmp_path, [*faults.OF_REDIS, faults.KILL_SERVER], 4) == ""


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100))
def test_a_round_of_all_faults(tmp_path: Path, seed: int, record_property: Callable[[str, object], None]) -> None:
    source = Random(seed)
    topology = source.choice([one_process, with_redis])
    chosen = source.choices(faults.possible(redis=topology is with_redis), k=source.randint(2, 4))
    stall = LONG_STALL if source.random() < 0.1 else SHORT_STALL
    outcome = rounds.play(topology, tmp_path, chosen, seed, stall)
    record_property("outcome", asdict(outcome))
    assert outcome.problem == ""
