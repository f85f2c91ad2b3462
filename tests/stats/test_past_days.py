"""Past days: packed when it is time, removed when it is time, readable as before, and whole whatever happens."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from urllib.parse import urlencode

import pytest
from celery import Celery
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import Account
from stats.aggregation.commit import OLDEST
from stats.aggregation.partial import Aggregate, MinuteRow
from stats.past_days import PLAIN_DAYS, tend
from stats.storage import paths
from stats.storage.lines import of_rows
from stats.storage.packed import pack_day, read_stat, stored_days
from stats.storage.paths import Stat
from stats.storage.prt_writer import Writer
from tests import redis_server
from tests.server import ROOT, Server, wait_for
from tests.stats.kill_points import STEPS, Work

TODAY = date(2026, 11, 18)
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC).timestamp()


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def write_day(root: Path, account: int, day: date) -> int:
    """A counter, and a timer with sketches; returns the sum of the counter."""
    begin = (day.toordinal() - date(1970, 1, 1).toordinal()) * 1440
    rows = []
    for minute in range(600, 660):
        one = Aggregate(minute, 2, minute, 0, 0, minute, 0, minute)
        rows.append(MinuteRow(account, "api", "c", "new", begin + minute, one))
        rows.append(MinuteRow(account, "api", "ms", "query", begin + minute, one._replace(skt=f"1{minute}")))
    Writer(root).write(of_rows(sorted(rows, key=lambda row: row.name)))
    return sum(range(600, 660))


def plain_files(root: Path, account: int) -> dict[str, bytes]:
    folder = paths.account_dir(root, account)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.prt")}


def total(root: Path, account: int, day: date) -> float:
    return float(read_stat(root, Stat(account, "api", "c", "new"), day).columns[0].sum())


@pytest.fixture
def account(db: None) -> int:
    return Account.objects.create(name="Acme").pk


@pytest.fixture
def data(settings: Settings, tmp_path: Path) -> Path:
    """The folder of all values, for commands."""
    settings.DATTSS_DATA = tmp_path
    return tmp_path / "stats"


# --- when -------------------------------------------------------------------------------------------------------------
def test_a_day_is_packed_after_8_days_and_not_before(tmp_path: Path, account: int) -> None:
    for age in range(12):
        write_day(tmp_path, account, days_ago(age))
    assert tend(tmp_path, now=lambda: NOON).packed == 3
    plain, packed = stored_days(tmp_path, account)
    assert plain == [days_ago(age) for age in range(8, -1, -1)]
    assert packed == [days_ago(11), days_ago(10), days_ago(9)]
    assert tend(tmp_path, now=lambda: NOON).packed == 0
    assert tend(tmp_path, now=lambda: NOON + 86_400).packed == 1
    assert stored_days(tmp_path, account)[1][-1] == days_ago(8)


def test_no_commit_is_old_enough_for_a_day_that_is_packed() -> None:
    assert OLDEST < PLAIN_DAYS * 86_400


def test_days_past_the_retention_are_removed_for_each_account_as_it_is_set(data: Path, account: int) -> None:
    other = Account.objects.create(name="Other").pk
    for one in (account, other):
        for age in (8, 9, 29, 30, 31, 396, 397):
            write_day(data, one, days_ago(age))
    pack_day(data, account, days_ago(31))
    call_command("account_retention", account, 30, stdout=StringIO())
    report = tend(data, now=lambda: NOON)
    assert (report.removed, report.failed) == (3 + 1, 0)
    assert stored_days(data, account) == ([days_ago(8)], [days_ago(30), days_ago(29), days_ago(9)])
    assert stored_days(data, other)[1][0] == days_ago(396)


def test_a_run_ends_when_its_time_is_over_and_the_next_one_goes_on(tmp_path: Path, account: int) -> None:
    for age in (9, 10, 11):
        write_day(tmp_path, account, days_ago(age))
    clock = iter([NOON, NOON, NOON + 60])
    assert tend(tmp_path, seconds=60, now=lambda: next(clock)).packed == 1
    assert stored_days(tmp_path, account)[1] == [days_ago(11)]
    assert tend(tmp_path, now=lambda: NOON).packed == 2


def test_only_the_accounts_of_the_shard_are_tended(tmp_path: Path, account: int) -> None:
    other = Account.objects.create(name="Other", shard=1).pk
    for one in (account, other):
        write_day(tmp_path, one, days_ago(9))
    assert tend(tmp_path, shard=1, now=lambda: NOON).packed == 1
    assert stored_days(tmp_path, account)[1] == []


# --- the commands -----------------------------------------------------------------------------------------------------
def test_a_day_that_is_unpacked_is_as_it_was_to_the_byte_and_is_packed_again(data: Path, account: int) -> None:
    write_day(data, account, days_ago(1000))
    before = plain_files(data, account)
    pack_day(data, account, days_ago(1000))
    assert plain_files(data, account) == {}
    name = paths.day_name(days_ago(1000))
    call_command("unpack_day", account, name, stdout=StringIO())
    assert plain_files(data, account) == before
    assert stored_days(data, account)[1] == []
    call_command("account_retention", account, 32_767, stdout=StringIO())
    out = StringIO()
    call_command("pack_days", account=account, stdout=out)
    assert out.getvalue().startswith("Packed 1 days (")
    assert total(data, account, days_ago(1000)) == sum(range(600, 660))


def test_a_plain_file_that_was_changed_after_it_was_unpacked_is_packed_as_it_is_now(data: Path, account: int) -> None:
    day = days_ago(20)
    expected = write_day(data, account, day)
    pack_day(data, account, day)
    call_command("unpack_day", account, paths.day_name(day), stdout=StringIO())
    file = paths.prt_path(data, Stat(account, "api", "c", "new"), day)
    file.write_bytes(file.read_bytes().split(b"\n", 1)[1])
    pack_day(data, account, day)
    assert total(data, account, day) == expected - 600


@pytest.mark.parametrize("day", ["2026-11-18", "2026-W60_1", "..", ""])
def test_a_day_that_is_none_is_refused(data: Path, account: int, day: str) -> None:
    with pytest.raises(CommandError, match="ISO week and day"):
        call_command("unpack_day", account, day)


def test_a_day_that_is_not_packed_cannot_be_unpacked(data: Path, account: int) -> None:
    write_day(data, account, days_ago(9))
    with pytest.raises(CommandError, match="is not packed"):
        call_command("unpack_day", account + 1, paths.day_name(days_ago(9)))


@pytest.mark.parametrize(("days", "message"), [(8, "from 9 to 32767, not 8"), (-1, "not -1"), (40_000, "not 40000")])
def test_a_retention_out_of_range_is_refused_and_changes_nothing(account: int, days: int, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("account_retention", account, days)
    assert Account.objects.get(pk=account).retention_days == 396


def test_the_retention_is_shown_and_set(account: int) -> None:
    shown = []
    for arguments in ([], [9], []):
        out = StringIO()
        call_command("account_retention", account, *arguments, stdout=out)
        shown.append(out.getvalue().strip())
    assert shown == [
        f"The account {account} keeps 396 days.",
        f"The account {account} keeps 9 days; it was 396.",
        f"The account {account} keeps 9 days.",
    ]


def test_an_account_that_is_not_there_has_no_retention(account: int) -> None:
    with pytest.raises(CommandError, match="There is no account"):
        call_command("account_retention", account + 1, 30)


# --- damage and a full disk -------------------------------------------------------------------------------------------
def test_damage_in_a_packed_day_is_told_and_keeps_no_other_day_from_it(data: Path, account: int) -> None:
    expected = write_day(data, account, days_ago(1000))
    pack_day(data, account, days_ago(1000))
    pack = paths.pack_path(data, account, days_ago(1000))
    pack.write_bytes(pack.read_bytes()[:-20])
    for day in (days_ago(1000), days_ago(999)):
        write_day(data, account, day)
    call_command("account_retention", account, 32_767, stdout=StringIO())
    with pytest.raises(CommandError, match="1 days could not be packed"):
        call_command("pack_days", stdout=StringIO())
    assert total(data, account, days_ago(999)) == expected
    assert stored_days(data, account) == ([days_ago(1000)], [days_ago(1000), days_ago(999)])
    with pytest.raises(CommandError, match="its end is missing"):
        call_command("unpack_day", account, paths.day_name(days_ago(1000)))


@pytest.mark.django_db
def test_on_a_full_disk_the_plain_files_stay_and_nothing_is_left_of_the_attempt(small_disk: Path) -> None:
    number = Account.objects.create(name="Acme").pk
    write_day(small_disk, number, days_ago(9))
    before = plain_files(small_disk, number)
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * shutil.disk_usage(small_disk).free)
    assert tend(small_disk, now=lambda: NOON).failed == 1
    assert plain_files(small_disk, number) == before
    assert not list(small_disk.rglob("~*"))
    ballast.unlink()
    assert tend(small_disk, now=lambda: NOON).packed == 1
    assert plain_files(small_disk, number) == {}


# --- kill -9 ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("work", Work)
def test_a_kill_at_any_step_leaves_the_day_there_once(tmp_path: Path, work: Work) -> None:
    command = [sys.executable, "-m", "tests.stats.kill_points", str(tmp_path), work.value]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert (run.returncode, run.stderr) == (0, "")
    assert json.loads(run.stdout)["kills"] >= STEPS[work]


# --- the server -------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis of our own."""
    yield from redis_server.running(tmp_path_factory.mktemp("redis"))


def test_celery_packs_and_the_api_answers_as_before(redis_url: str, new_server: Callable[..., Server]) -> None:
    server = new_server(REDIS_URL=redis_url)
    keys = server.new_account("alice@example.org")
    root = server.data / "stats"
    day = datetime.now(UTC).date() - timedelta(days=PLAIN_DAYS + 1)
    for age in range(3):
        write_day(root, keys.account, day - timedelta(days=age))

    def answers() -> list[object]:
        query = urlencode({"date": day.isoformat(), "step": 1, "tz": "Asia/Kathmandu", "q": "0.5,0.99"})
        bearer = {"Authorization": f"Bearer {keys.read_key}"}
        stats = ("api/c/new", "api/ms/query")
        return [server.request("GET", f"/api/v1/stats/{one}/day/?{query}", None, **bearer).json for one in stats]

    before = answers()
    assert all(any(answer["today"]) and any(answer["week"]) for answer in before)  # type: ignore[index]
    with Celery(broker=redis_url) as client:
        client.send_task("stats.pack", args=(0,), queue="shard-0")
    wait_for(lambda: len(stored_days(root, keys.account)[1]) == 3, 30, "Celery to pack three days")
    wait_for(lambda: not plain_files(root, keys.account), 10, "the plain files to go")
    assert answers() == before
    sketches = read_stat(root, Stat(keys.account, "api", "ms", "query"), day).sketches
    assert sketches == b"".join(b"1%d\n" % minute for minute in range(600, 660))
