"""Grids, compounds and buildings over the API."""

from __future__ import annotations

import pytest

from grids.models import (
    Dwelling,
    Grid,
    SpecialGroup,
)
from organizations.models import Unit
from tests.factories import a_grid_worker, a_user
from tests.grids.api.calling import V1, api

pytestmark = pytest.mark.django_db


class TestTerritory:
    def test_a_building_moves_with_everybody_in_it(self, city, secretary, resident):
        grid = secretary.post(
            f"{V1}/grids/", {"tier": 2, "parent": city.home.first_grid.pk, "code": "G9", "name": "第九网格"}
        )
        assert grid.status_code == 201, grid.json()
        url = f"{V1}/buildings/{city.home.building.pk}/"
        moved = secretary.patch(url, {"grid": grid.json()["id"], "code": "NEW-1"})
        assert moved.status_code == 200, moved.json()
        resident.refresh_from_db()
        assert resident.grid_id == grid.json()["id"]
        assert Dwelling.objects.get().code.startswith("NEW-1-")
        assert secretary.patch(url, {"grid": city.next_door.grid.pk}).status_code == 400

    def test_a_compound_and_what_it_lacks(self, city, secretary):
        made = secretary.post(f"{V1}/compounds/", {"name": "新小区", "grid": city.home.grid.pk}).json()
        assert made["lacks"] == ["党组织", "业主委员会", "物业公司"]
        company = Unit.objects.create(name="好物业", kind="property", district=city.district)
        url = f"{V1}/compounds/{made['id']}/"
        assert secretary.patch(url, {"property_company": company.pk}).json()["lacks"] == [
            "党组织",
            "业主委员会",
        ]
        assert secretary.patch(url, {"owners_committee": company.pk}).status_code == 400
        lacking = secretary.get(f"{V1}/compounds/?three_lacking=true").json()["results"]
        assert [row["name"] for row in lacking] == ["花城小区"]

    def test_the_street_changes_no_building_and_workers_no_grid(self, city, officer):
        assert officer.patch(f"{V1}/buildings/{city.home.building.pk}/", {"name": "改"}).status_code == 403
        worker = api(a_grid_worker(city.home))
        assert worker.patch(f"{V1}/grids/{city.home.grid.pk}/", {"name": "改"}).status_code == 403
        assert worker.patch(f"{V1}/grids/{city.next_door.grid.pk}/", {"name": "改"}).status_code == 404

    def test_a_bad_boundary_is_refused(self, city, secretary):
        url = f"{V1}/grids/{city.home.grid.pk}/"
        assert secretary.patch(url, {"boundary": {"type": "Point", "coordinates": [1, 2]}}).status_code == 400
        assert Grid.objects.get(pk=city.home.grid.pk).boundary is None

    def test_special_groups_are_a_managed_list(self, city, secretary):
        SpecialGroup.objects.create(name="独居老人", purpose="探访")
        SpecialGroup.objects.create(name="旧分类", purpose="无", is_open=False)
        assert [row["name"] for row in secretary.get(f"{V1}/special-groups/").json()] == ["独居老人"]
        assert api(a_user()).get(f"{V1}/special-groups/").json() == []
