"""Among a thousand accounts with ten people each, every page asks the database for little, and by its indexes.

How long pages take is measured by `python -m benchmarks pages`.
"""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from accounts.models import Account, User
from tests.accounts.access_table import ROUTES
from tests.accounts.crowd import make_crowd
from tests.accounts.routes import fill, parameters

MOST_QUERIES = 10
# Their own parameters lead to nothing here, and what leads to nothing is light.
PAGES = [
    route
    for route, methods in ROUTES.items()
    if "GET" in methods and set(parameters(route)) <= {"account_id"} and not route.startswith("api/v1/")
]


@pytest.fixture(scope="module")
def crowd(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Account]:
    """Made once for all tests here; deleted at the end."""
    with django_db_blocker.unblock():
        yield make_crowd()
        Account.objects.all().delete()
        User.objects.all().delete()


@pytest.fixture
def owner(crowd: Account, db: None) -> Client:
    client = Client()
    client.force_login(crowd.memberships.order_by("pk")[0].user)
    return client


@pytest.mark.parametrize("route", PAGES)
def test_a_page_asks_at_most_ten_times_and_by_an_index(crowd: Account, owner: Client, route: str) -> None:
    path = fill(route, {"account_id": str(crowd.pk)})
    owner.get(path)  # the first one may note in the session which account this is
    with CaptureQueriesContext(connection) as asked:
        response = owner.get(path)
    assert response.status_code in (200, 302, 404)  # nobody is offered this account
    assert len(asked) <= MOST_QUERIES, [query["sql"] for query in asked]
    assert [found for query in asked for found in scans(query["sql"])] == []


def scans(sql: str) -> list[str]:
    """The tables that a query reads from the first row to the last, and how it was asked."""
    if not sql.startswith("SELECT"):
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        plan = [str(row[-1]) for row in cursor.fetchall()]
    return [f"{step}: {sql}" for step in plan if step.startswith("SCAN")]
