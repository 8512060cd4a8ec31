"""Imports over the API: sent, looked at, agreed to, written; the sheet never lies open."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from grids.importing import jobs
from grids.models import Resident
from tests.factories import City, a_grid_worker
from tests.grids.api.calling import V1, api
from tests.grids.import_scenes import a_book, a_row, rows_of

pytestmark = pytest.mark.django_db

OLD_EXCEL = bytes.fromhex("d0cf11e0a1b11ae1") + b"0" * 512


class TestImports:
    def upload(self, client: APIClient, city: City, content: bytes, name: str = "居民.xlsx") -> Any:
        data = {"community": city.home.organization.pk, "file": SimpleUploadedFile(name, content)}
        return client.post(f"{V1}/imports/", data, format="multipart")

    def test_a_sheet_is_looked_at_and_written_when_somebody_agrees(
        self, city, secretary, django_capture_on_commit_callbacks
    ):
        content = a_book(rows_of(city.home.building, 3))
        with django_capture_on_commit_callbacks(execute=True):
            sent = self.upload(secretary, city, content)
        assert sent.status_code == 201, sent.json()
        url = f"{V1}/imports/{sent.json()['id']}/"
        looked_at = secretary.get(url).json()
        assert (looked_at["state"], looked_at["counts"]["new"]) == ("checked", 3)
        assert not Resident.objects.exists()
        with django_capture_on_commit_callbacks(execute=True):
            assert secretary.post(f"{url}confirm/").status_code == 200
        assert secretary.get(url).json()["state"] == "done"
        assert Resident.objects.present().count() == 3
        assert secretary.post(f"{url}cancel/").status_code == 409

    def test_bad_rows_are_told_masked_and_nothing_is_written(
        self, city, secretary, django_capture_on_commit_callbacks
    ):
        wrong = "440203196005170011"
        rows = [a_row(city.home.building, "205", "林小红", wrong), *rows_of(city.home.building, 1)]
        with django_capture_on_commit_callbacks(execute=True):
            url = f"{V1}/imports/{self.upload(secretary, city, a_book(rows)).json()['id']}/"
        found = secretary.get(f"{url}findings/?kind=bad").json()["results"]
        assert [(row["row"], row["column"]) for row in found] == [(2, "证件号码")]
        assert wrong not in str(found)
        refused = secretary.post(f"{url}confirm/")
        assert (refused.status_code, refused.json()["field"]) == (409, "good_rows_only")
        assert secretary.post(f"{url}cancel/").json()["state"] == "cancelled"
        assert not Resident.objects.exists()

    def test_what_is_no_sheet_or_too_large_or_elsewhere(self, city, secretary, settings):
        assert self.upload(secretary, city, OLD_EXCEL, "x.xls").status_code == 409
        assert self.upload(secretary, city, b"", "x.xlsx").status_code == 400
        large = self.upload(secretary, city, b"0" * (jobs.MAX_BYTES + 1), "x.csv")
        assert (large.status_code, large.json()["field"]) == (409, "file")
        there = {"community": city.next_door.organization.pk, "file": SimpleUploadedFile("x.csv", b"a")}
        assert secretary.post(f"{V1}/imports/", there, format="multipart").status_code == 400
        worker = api(a_grid_worker(city.home))
        assert self.upload(worker, city, a_book([])).status_code == 400
        assert worker.get(f"{V1}/imports/").json()["results"] == []
