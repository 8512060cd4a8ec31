"""No dashboard page scans a table that grows with events: what PostgreSQL does with every query, over many rows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboards import rolling
from organizations.models import Organization
from organizations.posts import Post, Tier
from tests.dashboards.rolling.scale import Invention, Shape
from tests.desk.scenes import open_page
from tests.factories import a_user, appoint
from tests.signing_in import strong_client
from volunteers.leaderboards import refresh_all
from volunteers.leaderboards.inventing import Size

#: One process makes the rows that all of them look at.
pytestmark = [pytest.mark.services, pytest.mark.django_db]
#: Tables that grow with what happens; reading one from beginning to end is slower every day.
GROWING = {
    "requests_servicerequest", "requests_requestevent", "requests_dispatch", "requests_dispatchevent",
    "requests_rating", "requests_note", "requests_photo", "volunteers_whistle", "volunteers_whistleevent",
    "volunteers_claim", "volunteers_claimevent", "volunteers_ledgerentry", "volunteers_servicebalance",
    "volunteers_thanks", "volunteers_checkmark", "volunteers_boardrow", "dashboards_rollup", "dashboards_standing",
    "notifications_message", "notifications_outgoing", "auditlog_logentry",
}  # fmt: skip
QUERIES = [
    "",
    "?period=today",
    "?period=week",
    "?period=quarter",
    "?period=year",
    "?from=2025-12-05&to=2026-03-09",
]
TIERS = [None, Tier.DISTRICT, Tier.STREET, Tier.COMMUNITY, Tier.GRID_BRANCH, Tier.BUILDING_GROUP]


@pytest.fixture(scope="module")
def client(django_db_setup: Any, django_db_blocker: Any) -> Iterator[Client]:
    with django_db_blocker.unblock(), transaction.atomic():
        assert connection.vendor == "postgresql", "these tests need WENSHAO_TEST_DATABASE_URL"
        shape = Shape(8_000, branches=3, grids=6, buildings=10)
        Invention(Size(entries=20_000, members=1_500, districts=3, communities=30, units=60), shape).write()
        rolling.rebuild()
        officer = a_user("市里")
        appoint(officer, Post.OFFICER)
        refresh_all()
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO dashboards_standing (place, kind, day, figures) SELECT place, kind, day - days, figures"
                " FROM dashboards_standing, generate_series(1, 60) AS days"
            )
            cursor.execute("ANALYZE")
        yield strong_client(officer)
        transaction.set_rollback(True)


def scanned(sql: str) -> set[str]:
    """The growing tables that the plan of a query reads from beginning to end."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}")
        plan = cursor.fetchone()[0]
    found: set[str] = set()
    todo = [(json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]]
    while todo:
        node = todo.pop()
        todo += node.get("Plans", [])
        if node["Node Type"] in ("Seq Scan", "Parallel Seq Scan"):
            found.add(node["Relation Name"])
    return found & GROWING


def asked(client: Client, url: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        open_page(client, url)
    sqls = [each["sql"] for each in captured]
    return [sql for sql in sqls if re.match(r"\s*\(?(SELECT|WITH)\b", sql)]


def url_of(tier: Tier | None, query: str) -> str:
    if tier is None:
        return f"/dashboards/city/{query}"
    node = Organization.objects.filter(tier=tier).order_by("pk")[1]
    return f"/dashboards/{node.pk}/{query}"


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("tier", TIERS)
def test_no_page_scans_what_grows(client: Client, tier: Tier | None, query: str) -> None:
    queries = asked(client, url_of(tier, query))
    assert any("dashboards_rollup" in sql for sql in queries)
    bad = {sql[:900]: sorted(tables) for sql in queries if (tables := scanned(sql))}
    assert not bad, bad


def test_a_scan_would_be_seen(client: Client) -> None:
    assert scanned("SELECT sum(minutes) FROM volunteers_ledgerentry") == {"volunteers_ledgerentry"}
    assert scanned("SELECT count(*) FROM dashboards_rollup WHERE figures->>'own' = '3'") == {
        "dashboards_rollup"
    }


def test_the_rows_are_enough(client: Client) -> None:
    """Over a handful of rows every plan is a scan, and the test would prove nothing."""
    from dashboards.models import Rollup

    assert Rollup.objects.count() > 30_000
    assert Rollup.objects.filter(starts_on__lt=date.today()).exists()
