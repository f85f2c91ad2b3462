"""The table of keys keeps itself up to date, and says when it cannot."""

import time

import pytest

from stats.keyring import Keyring


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("hours", [1, -1])
async def test_a_clock_that_is_set_is_no_silence_of_the_database(monkeypatch: pytest.MonkeyPatch, hours: int) -> None:
    keys = Keyring()
    await keys.start()
    try:
        now = time.time() + 3600 * hours
        monkeypatch.setattr(time, "time", lambda: now)
        assert keys.problem == ""
        assert await keys.find("1_" + "0" * 40) is None
    finally:
        keys.stop()
