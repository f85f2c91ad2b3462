"""The page of silences: Bob is a member, Vera looks, Charlie is a stranger."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, AuditEntry, User
from alerts.models import Incident, Rule, Silence
from tests.accounts.conftest import acme, alice, bob, browser_of, charlie, opened, vera
from tests.accounts.pages import read_page

__all__ = ["acme", "alice", "bob", "browser_of", "charlie", "opened", "vera"]

BrowserOf = Callable[[User], Client]
FORM = {"kind": "process", "process": "api", "ends": "2999-01-01T10:00", "reason": "We update the database"}


def soon(hours: int) -> str:
    return f"{timezone.now() + timedelta(hours=hours):%Y-%m-%dT%H:%M}"


@pytest.fixture
def page(acme: Account) -> str:
    return f"/a/{acme.pk}/alerts/silences/"


def test_a_silence_is_made_and_ended(bob: User, acme: Account, page: str, browser_of: BrowserOf) -> None:
    browser = browser_of(bob)
    assert browser.post(page, {**FORM, "ends": soon(2)}).headers["Location"] == page
    silence = Silence.objects.get(account=acme)
    assert (silence.process, silence.reason, silence.recurrence, silence.by) == ("api", FORM["reason"], None, bob)
    assert silence.starts <= timezone.now()
    shown = browser.get(page).content.decode()
    assert "We update the database" in shown
    assert "End now" in shown
    browser.post(f"{page}{silence.pk}/end/")
    silence.refresh_from_db()
    assert silence.ends <= timezone.now()
    assert "Nothing is silenced." in browser.get(page).content.decode()
    done = AuditEntry.objects.filter(account=acme, action__startswith="silence").order_by("pk")
    assert list(done.values_list("action", flat=True)) == ["silence.made", "silence.ended"]


def test_ending_asks_first_and_says_what_is_told_then(
    bob: User, vera: User, acme: Account, page: str, browser_of: BrowserOf
) -> None:
    now = timezone.now()

    def silence(**of: str) -> Silence:
        return Silence.objects.create(
            account=acme, starts=now, ends=now + timedelta(hours=1), reason="We update the database", **of
        )

    api, both = silence(process="api"), silence(pattern="web.*")
    silence(process="web")
    for number, target in enumerate(["api/c/orders", "web/c/hits", "worker/c/jobs"], 1):
        Incident.objects.create(
            account=acme, number=number, rule_name=f"R{number}", target=target, opened=now, silenced=True
        )
    asked = browser_of(bob).get(f"{page}{api.pk}/end/").content.decode()
    assert "1 incident that it holds back is told within seconds" in asked
    assert "#1 R1" in asked
    assert "it holds nothing back" in browser_of(bob).get(f"{page}{both.pk}/end/").content.decode()
    assert browser_of(vera).get(f"{page}{api.pk}/end/").status_code == 403
    assert Silence.objects.filter(ends__gt=timezone.now()).count() == 3


def test_times_are_those_of_who_writes_them(bob: User, acme: Account, page: str, browser_of: BrowserOf) -> None:
    User.objects.filter(pk=bob.pk).update(timezone="Asia/Tokyo")
    day = timezone.now().date() + timedelta(days=3)
    windows = {"days": ["0", "6"], "start": "02:00", "minutes": "60"}
    browser_of(bob).post(page, {**FORM, "starts": f"{day}T08:00", "ends": f"{day}T10:00", **windows})
    silence = Silence.objects.get(account=acme)
    assert silence.ends == datetime(day.year, day.month, day.day, 1, tzinfo=UTC)
    assert silence.recurrence == {"zone": "Asia/Tokyo", "days": [0, 6], "start": "02:00", "minutes": 60}
    shown = browser_of(bob).get(page).content.decode()
    assert "Mon, Sun at 02:00 for 60 min (Asia/Tokyo)" in shown
    assert "Call off" in shown


def test_only_what_was_chosen_is_silenced(bob: User, acme: Account, page: str, browser_of: BrowserOf) -> None:
    rule = Rule.objects.create(
        account=acme,
        name="Orders",
        target_kind="stat",
        target="api/c/orders",
        condition={"kind": "above", "limit": 10},
    )
    all_three = {**FORM, "ends": soon(2), "rule": str(rule.pk), "pattern": "api.*"}
    for kind in ("rule", "process", "pattern"):
        browser_of(bob).post(page, {**all_three, "kind": kind})
    made = Silence.objects.filter(account=acme).order_by("pk").values_list("rule", "process", "pattern")
    assert list(made) == [(rule.pk, "", ""), (None, "api", ""), (None, "", "api.*")]


def test_an_end_and_a_reason_are_needed(bob: User, acme: Account, page: str, browser_of: BrowserOf) -> None:
    wrongs: list[tuple[dict[str, object], str]] = [
        ({"ends": ""}, "This field is required."),
        ({"reason": ""}, "This field is required."),
        ({"ends": soon(-2)}, "The end must lie ahead"),
        ({}, "A silence lasts at most a year."),
        ({"process": ""}, "A silence is of one thing"),
        ({"ends": soon(2), "kind": "pattern", "pattern": "a b"}, "A pattern has letters"),
        ({"kind": "rule", "rule": "77"}, "Select a valid choice"),
        ({"ends": soon(2), "days": ["0"]}, "The start is a time such as 22:30"),
        ({"ends": soon(2), "start": "22:00", "minutes": "5"}, "at least one"),
    ]
    for wrong, sentence in wrongs:
        response = browser_of(bob).post(page, {**FORM, **wrong})
        assert response.status_code == 200
        assert sentence in response.content.decode(), wrong
    assert not Silence.objects.filter(account=acme).exists()


def test_viewers_look_and_strangers_find_nothing(
    vera: User, charlie: User, acme: Account, page: str, browser_of: BrowserOf
) -> None:
    now = timezone.now()
    one = Silence.objects.create(
        account=acme, process="api", starts=now, ends=now + timedelta(hours=1), reason="<b>Update</b>"
    )
    shown = browser_of(vera).get(page).content.decode()
    assert "&lt;b&gt;Update" in shown
    assert "End now" not in shown
    assert "Silence it" not in shown
    assert browser_of(vera).post(page, FORM).status_code == 403
    assert browser_of(vera).post(f"{page}{one.pk}/end/").status_code == 403
    assert browser_of(charlie).get(page).status_code == 404
    assert browser_of(charlie).post(f"{page}{one.pk}/end/").status_code == 404


def test_fields_have_labels(bob: User, page: str, browser_of: BrowserOf) -> None:
    shown = read_page(browser_of(bob).get(page).content)
    assert [one for one in shown.visible_inputs() if one.get("id") and one["id"] not in shown.labelled] == []
