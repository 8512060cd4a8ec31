"""The registry of dashboards: how far the rollups are, for the administrator; saved views for nobody."""

import pytest
from django.contrib import admin

from dashboards import rolling
from dashboards.models import RollupState, SavedView
from tests.desk.scenes import open_page
from tests.factories import a_city, a_user
from tests.signing_in import strong_client

pytestmark = pytest.mark.django_db
PAGE = "/desk/registry/dashboards/rollupstate/"


def test_the_administrator_reads_how_far_they_are_and_changes_nothing() -> None:
    rolling.rebuild()
    client = strong_client(a_user("管理员", is_administrator=True))
    page = open_page(client, PAGE)
    assert "汇总进度" in page and "全部重算于" in page
    row = RollupState.objects.get()
    assert client.get(f"{PAGE}add/").status_code == 403
    client.post(f"{PAGE}{row.pk}/change/", {"as_of": ""})
    assert client.post(f"{PAGE}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    row.refresh_from_db()
    assert row.as_of is not None
    assert PAGE in open_page(client, "/desk/registry/accounts/user/")


def test_posts_do_not_find_it() -> None:
    secretary = strong_client(a_city().home.secretary)
    assert secretary.get(PAGE).status_code in (403, 404)
    assert PAGE not in open_page(secretary, "/dashboards/views/")


def test_saved_views_have_no_page() -> None:
    assert not admin.site.is_registered(SavedView)
