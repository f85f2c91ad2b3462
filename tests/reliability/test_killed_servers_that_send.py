"""The server, or its Celery worker, is killed while it sends: afterwards everybody was told, and nobody too often."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from tests.reliability.faults import KILL_SERVER, KILL_WORKER, Fault
from tests.reliability.scene import Scene
from tests.reliability.sender_program import BEGIN
from tests.reliability.sending import CHANNELS, ENDED, Program, Providers, judge, running_program, running_providers
from tests.reliability.surroundings import Redis, ServerClock, no_clock
from tests.server import Server, wait_for

A_LEASE = 4 * 60.0  # seconds, after which others go on
SECONDS = 60.0
NUMBER = "+4915123456789"

Release = Callable[[], None]

pytestmark = pytest.mark.skipif(bool(no_clock()), reason=no_clock())


@pytest.fixture
def providers() -> Iterator[Providers]:
    with running_providers() as found:
        yield found


@pytest.fixture
def sent_from(tmp_path: Path, providers: Providers) -> Iterator[Callable[..., Scene]]:
    """Starts a server that sends to the providers, with Redis or without."""
    redis = []
    servers = []

    def start(*, with_redis: bool) -> Scene:
        redis.extend([Redis(tmp_path)] if with_redis else [])
        clock = ServerClock(tmp_path / "clock")
        environment = {**clock.environment, **providers.environment, **({"REDIS_URL": redis[0].url} if redis else {})}
        servers.append(Server(tmp_path / "data", **environment))
        servers[0].start()
        return Scene(servers[0], clock, None, redis[0] if redis else None)

    yield start
    for server in servers:
        server.kill()
    for one in redis:
        one.kill()


def hold_mail(providers: Providers) -> Release:
    return providers.mailbox.hold()


def hold_telephone(providers: Providers) -> Release:
    event = providers.twilio.hold(NUMBER)
    return event.set


@pytest.mark.parametrize("with_redis", [False, True])
def test_killed_while_the_provider_has_not_answered(
    sent_from: Callable[..., Scene], providers: Providers, with_redis: bool
) -> None:
    scene = sent_from(with_redis=with_redis)
    kill = KILL_WORKER if with_redis else KILL_SERVER
    with running_program(scene.server.data, providers) as program:
        kill_while_held(scene, program, providers, kill, "mail-held", hold_mail)
        kill_while_held(scene, program, providers, kill, "telephone-held", hold_telephone)


def kill_while_held(
    scene: Scene, program: Program, providers: Providers, kill: Fault, name: str, hold: Callable[[Providers], Release]
) -> None:
    release = hold(providers)
    begin(program, scene, name)
    wait_for(lambda: all_asked(providers, name), SECONDS, f"{name}: the requests")
    kill.act(scene, Random(0), 0)
    release()
    step(scene, A_LEASE)
    wait_for(lambda: set(program.states(name).values()) <= ENDED, SECONDS, f"{name}: the end")
    step(scene, A_LEASE)
    wait_for(lambda: judge(providers.copies(name), program.states(name)) == "", SECONDS, f"{name}: what was told")


def begin(program: Program, scene: Scene, name: str) -> None:
    assert scene.clock is not None
    step(scene, 3600)  # what was sent before has nothing to do with it
    minutes = (scene.clock.now() - BEGIN.timestamp()) / 60
    assert program.run("incident", name=name, channels=CHANNELS, minutes=minutes)["ends"] == [0]


def step(scene: Scene, seconds: float) -> None:
    assert scene.clock is not None
    scene.clock.step(seconds)


def all_asked(providers: Providers, name: str) -> bool:
    """Each provider has what it is to have, though it has not answered yet."""
    copies = providers.copies(name)
    return all(copies[channel] == 1 for channel in CHANNELS)
