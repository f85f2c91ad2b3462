"""Since when a process has heard all that was sent to it."""

from stats.listening import STALL, STEP, Listening


def test_as_long_as_both_clocks_go_on_together_it_stays() -> None:
    listening = Listening(1000.0, 5.0)
    for passed in range(1, 600):
        listening.note(1000.0 + passed, 5.0 + passed)
    assert listening.since == 1000.0


def test_a_clock_that_drifts_slowly_is_no_step() -> None:
    listening = Listening(1000.0, 0.0)
    for passed in range(1, 600):
        listening.note(1000.0 + passed * 1.01, passed)
    assert listening.since == 1000.0


def test_a_clock_that_is_set_ahead_or_back_begins_anew() -> None:
    for step in (STEP + 0.1, 3600, -3600):
        listening = Listening(1000.0, 0.0)
        listening.note(1000.1 + step, 0.1)
        assert listening.since == 1000.1 + step


def test_a_process_that_was_stopped_begins_anew() -> None:
    listening = Listening(1000.0, 0.0)
    listening.note(1000.1 + STALL, STALL + 0.1)
    assert listening.since == 1000.1 + STALL
