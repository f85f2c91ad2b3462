"""Since when a process has heard all that was sent to it, as far as its clocks can tell."""

STALL = 10.0  # seconds without a look at the clock, after which what was sent meanwhile may still wait to be read
STEP = 2.0  # seconds by which the clock may differ from a steady one between two looks before it counts as set


class Listening:
    """`since` is the Unix time from which on nothing has stood still and no clock was set: times of before say nothing
    of how long ago something was."""

    def __init__(self, now: float, steady: float) -> None:
        self.since = now
        self._now = now
        self._steady = steady

    def note(self, now: float, steady: float) -> None:
        """Another look at both clocks: Unix time and seconds of a steady one."""
        passed = steady - self._steady
        if passed > STALL or abs(now - self._now - passed) > STEP:
            self.since = now
        self._now, self._steady = now, steady
