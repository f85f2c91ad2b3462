"""Time zones: those that a person can choose from, and the one that somebody chose.

The list is `zone.tab` of the IANA database, from the package tzdata: each zone with its country, without the names that
are only kept for old programs.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import groupby
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from accounts.access import Person
from accounts.models import User

Choice = tuple[str, str]

UTC = "UTC"


def zone_of(person: Person | None) -> ZoneInfo | None:
    """The zone that the person chose; None where that is the browser's, for who is not logged in, and for nobody."""
    if not isinstance(person, User) or not person.timezone:
        return None
    try:
        return ZoneInfo(person.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones
        # Chosen under a newer database of zones than this machine has: better the browser's than no page at all.
        return None


def zone_or_utc(person: Person | None) -> ZoneInfo:
    """The same where no browser is at hand: UTC for None."""
    return zone_of(person) or ZoneInfo(UTC)


def chosen_zone(person: Person) -> str:
    """The IANA name of the same; empty for None."""
    zone = zone_of(person)
    return zone.key if zone else ""


@cache
def grouped_zones() -> list[tuple[str, list[Choice]]]:
    """All zones by continent or ocean, each as its IANA name and what people call the place."""
    ordered = sorted(_places(), key=lambda place: (_region(place[0]), place[1]))
    groups = groupby(ordered, key=lambda place: _region(place[0]))
    return [*((region, list(places)) for region, places in groups), ("Everywhere", [(UTC, UTC)])]


def _region(zone: str) -> str:
    return zone.partition("/")[0]


def _places() -> Iterator[Choice]:
    """Such as `America/Indiana/Knox` and `Knox, Indiana, United States: Central - IN (Starke)`."""
    countries = dict(line.split("\t", 1) for line in _lines("iso3166.tab"))
    for line in _lines("zone.tab"):
        code, _, zone, *comment = line.split("\t")
        names = [*reversed(zone.replace("_", " ").split("/")[1:]), countries[code]]
        # Some islands are their own country.
        yield zone, ": ".join([", ".join(dict.fromkeys(names)), *comment])


def _lines(table: str) -> list[str]:
    text = files("tzdata.zoneinfo").joinpath(table).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
