"""Names become paths in one place, and none leads out of the account's folder."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.aggregation.names import is_name
from stats.storage import paths
from stats.storage.paths import BadNameError, Stat

ROOT = Path("/data/stats")
MONDAY = date(2026, 11, 16)

anything = st.one_of(
    st.text(max_size=140),
    st.text("./\\~abc\0\n", max_size=8),
    st.from_regex(r"[A-Za-z0-9_.:!-]{1,128}", fullmatch=True),
    st.sampled_from(["..", ".", "", "a\n", "../x", "/etc/passwd", "é", "\u0131", "a" * 128, "a" * 129, "~a", "\uff11"]),
)


def test_paths_are_those_of_the_contract() -> None:
    stat = Stat(1, "api", "ms", "routes.get_user")
    assert paths.prt_path(ROOT, stat, MONDAY) == ROOT / "1/2026-W47_1/api/ms_routes.get_user.prt"
    assert paths.cur_path(ROOT, 0, "api") == ROOT / "0/current/api.cur"
    assert paths.events_path(ROOT, 1, "error") == ROOT / "1/errors"
    assert paths.events_path(ROOT, 1, "warning") == ROOT / "1/warnings"


@pytest.mark.parametrize(
    ("day", "name"),
    [(date(2027, 1, 1), "2026-W53_5"), (date(2024, 12, 30), "2025-W01_1"), (MONDAY, "2026-W47_1")],
)
def test_days_at_the_turn_of_the_year_are_in_their_iso_week(day: date, name: str) -> None:
    assert paths.day_name(day) == name


@given(st.dates(min_value=date(2, 1, 1)))
def test_a_day_is_found_by_the_name_of_its_folder(day: date) -> None:
    assert paths.day_of(paths.day_name(day)) == day


@pytest.mark.parametrize("name", ["current", "2026-W54_1", "2026-W00_1", "2026-W47_8", "2026-W47_1\n", "~2026-W47_1"])
def test_other_folders_are_no_days(name: str) -> None:
    assert paths.day_of(name) is None


@given(anything, anything)
def test_no_name_leads_out_of_the_accounts_folder(process: str, name: str) -> None:
    try:
        path = paths.prt_path(ROOT, Stat(1, process, "c", name), MONDAY)
    except BadNameError:
        assert not is_name(process) or not is_name(name)
        return
    assert path.parts == (*ROOT.parts, "1", "2026-W47_1", process, f"c_{name}.prt")
    assert len(path.name.encode()) < 255
    assert paths.stat_of(path.name) == ("c", name)


@given(anything)
def test_no_process_leads_out_of_the_folder_of_states(process: str) -> None:
    try:
        path = paths.cur_path(ROOT, 1, process)
    except BadNameError:
        assert not is_name(process)
        return
    assert path.parent == ROOT / "1/current"
    assert paths.process_of(path.name) == process


@pytest.mark.parametrize("name", ["a", "A.b:c!d-e_f", "0", "...", ".hidden", "a" * 128])
def test_names_of_the_contract_are_taken(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("name", ["", ".", "..", "a\n", "a b", "a/b", "a\0", "é", "\uff11", "~a", "a" * 129, "\u212a"])
def test_other_names_are_refused(name: str) -> None:
    assert not is_name(name)


@pytest.mark.parametrize("account", [-1, True, 10**19])
def test_an_account_is_a_whole_number(account: int) -> None:
    with pytest.raises(BadNameError, match="account"):
        paths.account_dir(ROOT, account)


def test_type_and_level_come_from_their_lists() -> None:
    with pytest.raises(BadNameError, match="type"):
        paths.prt_name("c/../..", "a")  # type: ignore[arg-type]
    with pytest.raises(BadNameError, match="level"):
        paths.events_path(ROOT, 1, "../x")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["~c_new.prt", "x_new.prt", "c_.prt", "c_new.prt.bak", "new.prt", "c_a b.prt"])
def test_other_files_are_no_stats(name: str) -> None:
    assert paths.stat_of(name) is None
