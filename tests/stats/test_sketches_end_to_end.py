"""Timers with sketches through HTTP, a crash, the flush and the file: percentiles are within 1 % of the true ones."""

import random
from pathlib import Path

import pytest
from dattss import sketch

from tests.reliability.scene import one_process
from tests.server import Keys, Server, wait_for
from tests.stats.commits import body, partial
from tests.stats.one_sketch import quantiles, sketch_of
from tests.stats.test_engine_sketches import timer, true_tails, uneven


def test_the_line_of_an_uneven_minute_tells_its_true_percentiles(tmp_path: Path) -> None:
    with one_process(tmp_path, small_disk=False) as scene:
        server, keys = scene.server, scene.server.new_account("alice@example.org")
        intervals = uneven(random.Random(3))
        for number, values in enumerate(intervals):
            sent = body("api", timer(values), iid="one", seq=number, age=120.0)  # in one minute, whenever it is now
            if number == 6:
                server.kill()
                server.start()
            assert server.commit(keys.key, sent).status == 200
        everything = sorted(value for values in intervals for value in values)

        def lines_of_all() -> list[list[str]] | None:
            lines = server.lines(keys.account, "api", "ms", "query")
            return lines if sum(int(line[2]) for line in lines) == len(everything) else None

        scene.before_a_flush()
        lines = wait_for(lines_of_all, 140, "all values in their file") or []
    merged = sketch.merge([line[9] for line in lines])  # two lines, where a minute ended between two commits
    assert sum(sketch.decode(merged).values()) == len(everything)
    for share in (0.1, 0.5, 0.9, 0.99):
        [told] = quantiles(merged, [share])
        assert told == pytest.approx(everything[int(share * (len(everything) - 1))], rel=0.01)
    if len(lines) == 1:
        bot, top = true_tails(everything)
        assert [float(lines[0][5]), float(lines[0][6])] == [pytest.approx(bot, rel=0.01), pytest.approx(top, rel=0.01)]


@pytest.mark.parametrize("face", ["/agg", "/api/v1/agg/"])
def test_a_malformed_sketch_is_refused_with_its_place(server: Server, keys: Keys, face: str) -> None:
    good, bad = timer([1, 2]), partial("b", [3], "ms", skt="1\n" + sketch_of([3]))
    reply = server.commit(keys.key, body("api", good, bad), face)
    assert reply.status == 400
    assert reply.json["at"] == "prt.ms[1].skt"
    too_long = server.commit(keys.key, body("api", partial("b", [3], "ms", skt="1" + "!" * 16_384)), face)
    assert (too_long.status, too_long.json["at"]) == (400, "prt.ms[0].skt")
