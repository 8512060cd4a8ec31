"""A hand-made POST to the registry's pickers: a bad choice is said at the field, never a 500."""

from __future__ import annotations

import pytest
from django.contrib import admin

from organizations.scoped_admin import ScopedAdmin
from tests.factories import a_city, a_member, a_user, appoint
from tests.signing_in import strong_client

pytestmark = pytest.mark.django_db

STRANGE = ("abc", "²", "-1", "1.5", "9" * 30, "99999999999999999999", "\0", "[]")


def writers() -> dict[str, object]:
    """Whoever adds rows somewhere: a community's secretary, the district, the system administrator."""
    city = a_city()
    officer = a_user("区里")
    appoint(officer, "officer", city.district)
    return {
        "secretary": city.home.secretary,
        "officer": officer,
        "administrator": a_user("管理员", is_administrator=True),
    }


def registries() -> list[ScopedAdmin]:
    return [each for each in admin.site._registry.values() if isinstance(each, ScopedAdmin)]


def test_strange_values_for_every_relation_of_every_registry() -> None:
    """Of whoever may add there: the others are refused before any value is read."""
    tried = 0
    for user in writers().values():
        client = strong_client(user)
        for registry in registries():
            page = f"/desk/registry/{registry.opts.app_label}/{registry.opts.model_name}/add/"
            relations = [each.name for each in registry.opts.get_fields() if each.is_relation]
            opened = client.get(page).status_code
            assert opened in (200, 403, 404), page
            for value in STRANGE if opened == 200 else STRANGE[:1]:
                answer = client.post(page, dict.fromkeys(relations, value))
                assert answer.status_code == opened, f"{page} {value!r}: {answer.status_code}"
                tried += opened == 200
    assert tried > 5 * len(STRANGE)


@pytest.mark.parametrize("value", STRANGE)
def test_strange_values_on_an_existing_row(value: str) -> None:
    city = a_city()
    officer = a_user("区里")
    appoint(officer, "officer", city.district)
    member = a_member(city)
    client = strong_client(officer)
    page = f"/desk/registry/organizations/member/{member.pk}/change/"
    for data in ({"unit": value, "skills": []}, {"unit": "", "skills": [value]}):
        answer = client.post(page, {"name": "改名", **data})
        assert answer.status_code == 200
    member.refresh_from_db()
    assert member.name != "改名"


def test_what_was_chosen_stays_chosen_when_another_field_is_wrong() -> None:
    city = a_city()
    client = strong_client(city.home.secretary)
    data = {"name": "", "code": "B9", "grid": str(city.home.grid.pk)}
    page = client.post("/desk/registry/grids/building/add/", data).content.decode()
    assert f'<option value="{city.home.grid.pk}" selected' in page
