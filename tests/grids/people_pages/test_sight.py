"""Who opens the pages of people, and what nobody else is shown."""

from __future__ import annotations

import uuid

import pytest
from django.core.cache import cache
from django.test import Client

from grids.models import Resident
from organizations.models import AccessLogEntry
from organizations.posts import Post
from tests.factories import City, a_grid_worker, a_unit, a_user, appoint
from tests.grids.homes import a_household, a_resident
from tests.grids.people_pages.pages import LIST, addresses, page_of, url
from tests.signing_in import strong_client, weak_client

pytestmark = pytest.mark.django_db


class TestSight:
    def outsiders(self, city: City) -> dict[str, Client]:
        street, liaison, officer = a_user("街道"), a_user("联络员"), a_user("市里")
        appoint(street, Post.OFFICER, city.street)
        appoint(liaison, Post.UNIT_LIAISON, a_unit(city))
        appoint(officer, Post.OFFICER)
        other_grid = Resident.objects.first().grid.__class__(
            tier=2, code="other", name="别的网格", parent=city.home.first_grid
        )
        other_grid.place_under(city.home.organization)
        other_grid.save()
        people = {
            "next community": city.next_door.secretary,
            "next grid": a_grid_worker(city.home, grid=other_grid),
            "street": street,
            "city": officer,
            "unit": liaison,
            "resident": a_user("居民"),
        }
        return {who: strong_client(user) for who, user in people.items()}

    def test_outsiders_find_nothing_by_any_address(self, city, person):
        for who, client in self.outsiders(city).items():
            for each in addresses(person):
                asked = {"get": None, "post": {"reason": "看一看吧", "field": "phone"}}
                for method, data in asked.items():
                    answer = getattr(client, method)(each, data)
                    assert answer.status_code in (404, 405), (who, method, each, answer.status_code)
        assert not AccessLogEntry.objects.exists()

    def test_nor_in_the_list_nor_by_the_box(self, city, person):
        for who, client in self.outsiders(city).items():
            for words in ("欧阳", "oyh", "13800138000", person.document_number):
                found = client.post(url("residents_search"), {"words": words}, follow=True)
                assert found.status_code == 404 or "欧阳海" not in found.content.decode(), (who, words)
            listed = client.get(LIST)
            assert listed.status_code == 404 or "欧阳海" not in listed.content.decode(), who

    def test_the_community_and_the_grid_worker_open_everything(self, city, person):
        for user in (city.home.secretary, a_grid_worker(city.home)):
            client = strong_client(user)
            for name, row in (
                ("resident", person),
                ("household", person.household),
                ("building", person.building),
            ):
                assert client.get(url(name, row)).status_code == 200, name
            assert "欧阳海" in page_of(client, LIST)

    def test_a_weak_session_and_visitors_are_sent_to_sign_in(self, city, person):
        for client in (weak_client(city.home.secretary), Client()):
            for each in (LIST, *addresses(person)):
                answer = client.get(each)
                assert answer.status_code == 405 or "/sign-in/" in answer["Location"], each

    def test_names_only_for_branch_secretaries_and_building_heads(self, city, person):
        leader = a_user("支书")
        appoint(leader, Post.SECRETARY, city.home.grid.branch)
        client = strong_client(leader)
        page = page_of(client, LIST)
        assert "欧阳海" in page and str(person.household) in page
        for hidden in ("138", "440203", "户籍常住", "岁", url("resident", person)):
            assert hidden not in page, hidden
        for each in addresses(person):
            assert client.get(each).status_code in (404, 405), each
        assert client.post(url("residents_search"), {"words": "欧阳"}).status_code == 404

    def test_numbers_are_masked_everywhere_and_nothing_is_kept_by_caches(self, city, person, secretary):
        for each in (
            LIST,
            url("resident", person),
            url("household", person.household),
            url("resident_step", person, name="change"),
            url("twins"),
        ):
            answer = secretary.get(each)
            page = answer.content.decode()
            assert person.document_number not in page and "13800138000" not in page, each
            assert "no-store" in answer["Cache-Control"], each
            assert "1980" not in page, f"{each}: beside a masked number a birth date gives it away"


class TestTheBox:
    def test_found_by_name_initials_document_and_phone(self, city, person, secretary):
        a_resident(city.home, "欧阳小海")
        for words in ("欧阳海", "oyh", "OYH", person.document_number, "138 0013 8000"):
            answer = secretary.post(url("residents_search"), {"words": words})
            assert words not in answer["Location"]
            page = page_of(secretary, answer["Location"])
            assert url("resident", person) in page, words

    def test_the_words_are_nowhere_in_clear(self, secretary, person):
        secretary.post(url("residents_search"), {"words": "13800138000"})
        assert "13800138000" not in str(dict(secretary.session))

    def test_ten_searches_are_kept_and_another_session_knows_none(self, city, secretary):
        first = secretary.post(url("residents_search"), {"words": "甲"})["Location"]
        for _ in range(10):
            last = secretary.post(url("residents_search"), {"words": "乙"})["Location"]
        assert "过期" in page_of(secretary, first)
        assert "过期" not in page_of(secretary, last)
        assert "过期" in page_of(strong_client(city.next_door.secretary), last)

    def test_nonsense_is_told_what_to_type(self, secretary):
        page = page_of(secretary, secretary.post(url("residents_search"), {"words": "？！"})["Location"])
        assert "请输入姓名" in page
        assert secretary.post(url("residents_search"), {"words": " "})["Location"] == LIST

    def test_too_many_asks_for_more_letters(self, city, secretary):
        home = a_household(city.home)
        for number in range(51):
            a_resident(city.home, "王小" + chr(0x4E00 + number), household=home)
        page = page_of(secretary, secretary.post(url("residents_search"), {"words": "王"})["Location"])
        assert "再多输几个字" in page and page.count("row-link") == 50


def test_the_cache_knows_no_names(city, secretary, person):
    """Keys and values of the double-tap guard are numbers only."""
    home = a_household(city.home)
    key = str(uuid.uuid4())
    data = {"name": "周小明", "document_kind": "none", "relation": "head", "residence": "registered"}
    secretary.post(f"{url('resident_new')}?household={home.pk}", {**data, "client_key": key})
    assert cache.get(f"entered:{city.home.secretary.pk}:{key}") == Resident.objects.latest("pk").pk
