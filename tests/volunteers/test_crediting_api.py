"""Crediting, proposing and quotas over the API: the same sight, verbs and sentences as the pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from ground import clock
from organizations.posts import Post
from tests.factories import a_grid_worker, a_user, appoint
from tests.volunteers.scenes import (
    EVENING,
    LONG_AGO,
    a_city,
    a_claim,
    a_volunteer,
    a_whistle,
    attended,
    credited,
)
from volunteers.models import LedgerEntry

pytestmark = pytest.mark.django_db
OVER = EVENING + timedelta(hours=3)


def api(user) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def city():
    return a_city()


def test_a_claim_is_credited_corrected_once_and_reversed(city):
    claim = attended(a_whistle(city.home), a_volunteer(city), late=10)
    client, url = api(city.home.secretary), f"/api/v1/crediting/{claim.pk}/"
    with clock.at(OVER):
        (row,) = client.get("/api/v1/crediting/").json()["results"]
        assert (row["id"], row["on_offer"], row["most"], row["minutes"]) == (claim.pk, 50, 60, None)
        refused = client.post(f"{url}credit/", {"minutes": 40})
        assert (refused.status_code, refused.json()["field"]) == (409, "reason")
        done = client.post(f"{url}credit/").json()
        assert (done["state"], done["minutes"], done["seen"]) == ("credited", 50, 1)
        assert [step["name"] for step in done["steps"]] == ["correct", "reverse"]
        assert client.post(f"{url}credit/").status_code == 409
        change = {"minutes": 40, "reason": "早走", "seen": 1}
        assert client.post(f"{url}correct/", change).json()["minutes"] == 40
        assert client.post(f"{url}correct/", change).status_code == 409
        assert client.get("/api/v1/crediting/").json()["results"] == []
        assert len(client.get("/api/v1/crediting/?which=judged").json()["results"]) == 1
        last = client.post(f"{url}reverse/", {"reason": "不实", "seen": 2}).json()
    assert (last["state"], last["minutes"], last["judged_because"]) == ("refused", 0, "不实")
    assert [entry["kind"] for entry in last["entries"]] == ["reversal", "correction", "credit"]
    assert sum(LedgerEntry.objects.values_list("minutes", flat=True)) == 0


def test_refused_absent_attested_and_proposed(city):
    whistle = a_whistle(city.home, places_max=3, grid=city.home.grid)
    came, missed = attended(whistle, a_volunteer(city)), a_claim(whistle, a_volunteer(city))
    seen = a_claim(whistle, a_volunteer(city))
    with clock.at(LONG_AGO):
        appoint(liaison := a_user("联络员"), Post.UNIT_LIAISON, missed.volunteer.unit)
    staff, worker, unit = api(city.home.secretary), api(a_grid_worker(city.home)), api(liaison)
    with clock.at(OVER):
        (mine,) = unit.get("/api/v1/crediting/?which=unit").json()["results"]
        assert mine["id"] == missed.pk
        proposal = {"minutes": 60, "reason": "值班表"}
        answer = unit.post(f"/api/v1/crediting/{missed.pk}/propose/", proposal)
        assert answer.json()["proposed_minutes"] == 60
        assert unit.post(f"/api/v1/crediting/{missed.pk}/credit/", proposal).status_code == 403
        assert unit.post(f"/api/v1/crediting/{came.pk}/propose/", proposal).status_code == 404
        assert len(worker.get("/api/v1/crediting/?which=present").json()["results"]) == 2
        times = {"came_at": EVENING.isoformat(), "left_at": (EVENING + timedelta(hours=1)).isoformat()}
        assert worker.post(f"/api/v1/crediting/{seen.pk}/attest/", times).json()["state"] == "checked_out"
        assert worker.post(f"/api/v1/crediting/{seen.pk}/credit/").status_code == 403
        assert staff.post(f"/api/v1/crediting/{came.pk}/refuse/").status_code == 409
        refused = staff.post(f"/api/v1/crediting/{came.pk}/refuse/", {"reason": "没有干活"})
        assert refused.json()["state"] == "refused"
        assert staff.post(f"/api/v1/crediting/{missed.pk}/absent/").json()["state"] == "absent"
    assert not LedgerEntry.objects.exists()


def test_outsiders_find_nothing(city):
    claim = attended(a_whistle(city.home), a_volunteer(city))
    for user in (city.next_door.secretary, a_grid_worker(city.next_door), claim.volunteer.user):
        client = api(user)
        assert client.get("/api/v1/crediting/").json()["results"] == []
        assert client.get(f"/api/v1/crediting/{claim.pk}/").status_code == 404
        assert client.post(f"/api/v1/crediting/{claim.pk}/credit/").status_code == 404
    assert APIClient().get("/api/v1/crediting/").status_code == 401


def test_the_list_costs_the_same_for_six_and_for_thirty(city):
    client = api(city.home.secretary)

    def cost() -> int:
        city.home.secretary.scope_cache = {}  # as every request has it
        with clock.at(OVER), CaptureQueriesContext(connection) as queries:
            assert client.get("/api/v1/crediting/").status_code == 200
        return len(queries)

    whistle = a_whistle(city.home, places_max=60)
    for _ in range(6):
        attended(whistle, a_volunteer(city))
    few = cost()
    for _ in range(24):
        attended(whistle, a_volunteer(city))
    assert cost() == few <= 8


def test_quotas_by_name_and_in_totals(city):
    behind, done = a_volunteer(city, name="王建国"), a_volunteer(city, name="李完成")
    credited(city.home, done)
    officer = a_user("组织部")
    with clock.at(LONG_AGO):
        appoint(officer, Post.OFFICER, city.district)
        appoint(liaison := a_user("联络员"), Post.UNIT_LIAISON, behind.unit)
    with clock.at(OVER):
        names = api(city.home.secretary).get("/api/v1/quotas/").json()["results"]
        assert [(row["name"], row["times_left"], row["minutes_left"]) for row in names] == [
            ("王建国", 1, 1200), ("李完成", 0, 1140),
        ]  # fmt: skip
        own = api(liaison).get("/api/v1/quotas/?which=all").json()["results"]
        assert [row["name"] for row in own] == ["王建国"]
        assert api(officer).get("/api/v1/quotas/").status_code == 404
        (total,) = api(officer).get("/api/v1/quotas/totals/").json()
        assert (total["name"], total["people"], total["met"], total["behind_quarter"]) == (
            "花城社区",
            2,
            0,
            1,
        )
        assert len(api(officer).get("/api/v1/quotas/totals/?by=unit").json()) == 2
        for outsider in (behind.user, city.home.secretary):
            assert api(outsider).get("/api/v1/quotas/totals/").status_code == 404
        assert api(behind.user).get("/api/v1/quotas/").status_code == 404
        mine = api(done.user).get("/api/v1/service/").json()
    assert (mine["quarter"]["times"], mine["quota"]["times"], mine["quota"]["minutes"]) == (1, 1, 60)
