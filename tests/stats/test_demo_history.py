"""`demo_history`: a past that looks real, the same for the same seed, and never among real data."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from accounts.models import Account
from stats import demo, history
from stats.aggregation.partial import MinuteRow
from stats.storage import cur
from stats.storage.day_table import parse_day
from stats.storage.paths import Stat, day_of, stat_of

MONDAY = 20773  # 16 November 2026, days since the epoch
EXPECTED = {
    "api": {
        ("c", "orders"),
        ("c", "requests"),
        ("c", "errors"),
        ("ms", "query"),
        ("ms", "routes.get_user"),
        ("ms", "routes.checkout"),
        ("g", "live_users"),
    },
    "worker": {("c", "jobs"), ("ms", "job.mail"), ("g", "queue")},
}


def rows(start: int, end: int, seed: int = 1) -> list[MinuteRow]:
    return list(demo.minutes(1, start, end, seed))


def total(made: list[MinuteRow], name: str) -> float:
    return sum(aggregate.sum for *_, found, _, aggregate in made if found == name)


# --- the generator ----------------------------------------------------------------------------------------------------
def test_every_minute_holds_together() -> None:
    made = rows(MONDAY * 1440, (MONDAY + 1) * 1440)
    for *_, one in made:
        assert one.cnt >= 1
        assert one.min <= one.bot <= one.top <= one.max
        assert one.min <= one.fst <= one.max
        assert one.min <= one.lst <= one.max
        assert one.min * one.cnt - 1 <= one.sum <= one.max * one.cnt + 1
    assert len({row[1:5] for row in made}) == len(made)


def test_the_same_seed_gives_the_same_minutes_whatever_span_is_asked_for() -> None:
    day = rows(MONDAY * 1440, (MONDAY + 1) * 1440)
    part = rows(MONDAY * 1440 + 700, MONDAY * 1440 + 800)
    assert part == [row for row in day if 700 <= row[4] - MONDAY * 1440 < 800]
    assert part != rows(MONDAY * 1440 + 700, MONDAY * 1440 + 800, seed=2)


def test_days_are_busier_than_nights_and_working_days_than_weekends() -> None:
    noon, night = MONDAY * 1440 + 720, MONDAY * 1440 + 180
    assert total(rows(noon, noon + 60), "requests") > 3 * total(rows(night, night + 60), "requests")
    assert total(rows(noon, noon + 60), "requests") > 1.3 * total(rows(noon - 1440, noon - 1380), "requests")


def test_now_and_then_there_is_an_incident() -> None:
    days = [rows(day * 1440, (day + 1) * 1440) for day in range(MONDAY, MONDAY + 14)]
    slow = [any(row[3] == "query" and row[5].sum / row[5].cnt > 60 for row in day) for day in days]
    assert 2 <= sum(slow) <= 10


# --- the command ------------------------------------------------------------------------------------------------------
@pytest.fixture
def account(db: None, settings: Settings, tmp_path: Path) -> Account:
    settings.DATTSS_DATA = tmp_path
    return Account.objects.create(name="Shop")


def run(account: int, *arguments: str) -> str:
    out = StringIO()
    call_command("demo_history", str(account), *arguments, stdout=out)
    return out.getvalue()


def everything(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_week_and_today_are_written(account: Account, tmp_path: Path) -> None:
    before = datetime.now(UTC)
    assert f"account {account.pk}" in run(account.pk)
    folder = tmp_path / "stats" / str(account.pk)
    days = sorted(day for day in (day_of(path.name) for path in folder.iterdir()) if day is not None)
    assert len(days) == len(list(folder.iterdir()))
    assert days[:7] == [before.date() - timedelta(days=back) for back in range(7, 0, -1)]
    for process, stats in EXPECTED.items():
        files = list(folder.glob(f"*/{process}/*"))
        assert {stat_of(file.name) for file in files} == stats
        assert all(parse_day(file.read_bytes()).damaged == 0 for file in files)
    past = folder.glob("*/api/g_live_users.prt")
    assert sum(len(parse_day(file.read_bytes()).minutes) == 1440 for file in past) == 7


def test_what_was_written_makes_a_plot(account: Account, tmp_path: Path) -> None:
    run(account.pk, "--days", "8")
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    view = history.view(date=yesterday.isoformat(), step=10, tz="UTC", now=0)
    result = history.day(tmp_path / "stats", Stat(account.pk, "api", "ms", "query"), view)
    assert None not in (*result.today, *result.week, *result.typical)


def test_the_current_minute_is_left_to_the_living(account: Account, tmp_path: Path) -> None:
    run(account.pk, "--days", "1")
    now = int(datetime.now(UTC).timestamp()) // 60
    files = sorted((tmp_path / "stats").rglob("g_queue.prt"))
    last = date.fromordinal(date(1970, 1, 1).toordinal() + (now - 1) // 1440)
    newest = parse_day(next(file for file in files if day_of(file.parent.parent.name) == last).read_bytes())
    assert 0 <= now - 1 - (last.toordinal() - date(1970, 1, 1).toordinal()) * 1440 - newest.minutes[-1] <= 1


def test_the_same_seed_writes_the_same(account: Account, tmp_path: Path, settings: Settings) -> None:
    written = []
    for place, seed in (("a", "5"), ("b", "5"), ("c", "6")):
        settings.DATTSS_DATA = tmp_path / place
        run(account.pk, "--days", "2", "--seed", seed)
        files = everything(tmp_path / place)
        today = datetime.now(UTC).strftime("%G-W%V_%u")
        written.append({path: content for path, content in files.items() if today not in path})
    assert written[0] == written[1]
    assert written[0] != written[2]


def test_an_account_with_data_of_its_own_is_not_touched(account: Account, tmp_path: Path) -> None:
    run(account.pk, "--days", "1")
    before = everything(tmp_path)
    with pytest.raises(CommandError, match="data of its own"):
        run(account.pk, "--seed", "2")
    assert everything(tmp_path) == before


def test_a_live_process_is_data_too(account: Account, tmp_path: Path) -> None:
    cur.write(tmp_path / "stats", account.pk, "web", cur.encode({"nam": "web", "stats": {}}))
    before = everything(tmp_path)
    with pytest.raises(CommandError, match="data of its own"):
        run(account.pk)
    assert everything(tmp_path) == before


def test_what_an_interrupted_run_left_is_replaced(account: Account, tmp_path: Path) -> None:
    left = tmp_path / f"stats/{account.pk}/~demo/{account.pk}/2026-W47_1/api/c_orders.prt"
    left.parent.mkdir(parents=True)
    left.write_text("00:00,1,1,1,1,1,1,1,1\n")
    run(account.pk, "--days", "0")
    assert not (tmp_path / f"stats/{account.pk}/~demo").exists()
    assert not (tmp_path / f"stats/{account.pk}/2026-W47_1/api/c_orders.prt").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["--days", "-1"], "--days must be"), (["--days", "401"], "--days must be"), (["--seed", "-1"], "--seed must")],
)
def test_senseless_arguments_are_refused(account: Account, tmp_path: Path, arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(account.pk, *arguments)
    assert everything(tmp_path) == {}


@pytest.mark.parametrize("unknown", [4711, -1])
def test_an_unknown_account_is_refused(account: Account, tmp_path: Path, unknown: int) -> None:
    with pytest.raises(CommandError, match=f"There is no account {unknown}"):
        run(unknown)
    assert everything(tmp_path) == {}
