"""The list of residents: filters, pages, what it costs."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from grids import households, residents
from grids.models import SpecialGroup
from tests.grids.homes import a_household, a_resident, an_id
from tests.grids.people_pages.pages import LIST, page_of, url

pytestmark = pytest.mark.django_db


class TestTheList:
    def test_every_filter(self, city, secretary):
        group = SpecialGroup.objects.create(name="测试人群", purpose="走访")
        old = a_resident(city.home, "老人家", document_number=an_id(date(1940, 1, 1)), groups=[group])
        child = a_resident(city.home, "小朋友", document_number=an_id(date(2020, 1, 1)), residence="floating")
        gone = a_resident(city.home, "走了的")
        residents.leave(gone, by=None)
        households.assess(old.household, by=city.home.secretary, level="red", reason="独居老人")
        grid, building = city.home.grid.pk, city.home.building.pk
        for query, names in (
            (f"grid={grid}", ["老人家", "小朋友"]),
            (f"grid={city.home.first_grid.pk}", ["老人家", "小朋友"]),
            (f"building={building}", ["老人家", "小朋友"]),
            (f"building={city.next_door.building.pk}", []),
            (f"group={group.pk}", ["老人家"]),
            ("residence=floating", ["小朋友"]),
            ("care=red", ["老人家"]),
            ("age=60", ["老人家"]),
            ("age=14", ["小朋友"]),
            ("standing=left", ["走了的"]),
            ("age=x&care=blue&grid=a&group=²&residence=moon&after=-1", ["老人家", "小朋友"]),
        ):
            rows = secretary.get(f"{LIST}?{query}").context["people"]
            assert [row.name for row in rows] == names, query
        assert child.age() is not None

    def test_pages_by_key_bring_everybody_once(self, city, secretary):
        home = a_household(city.home)
        for _ in range(65):
            a_resident(city.home, household=home)
        seen, after = [], ""
        for _ in range(3):
            page = secretary.get(f"{LIST}?after={after}").context["page"]
            seen += [row.pk for row in page.rows]
            after = page.next_key
        assert after is None and len(seen) == len(set(seen)) == 65

    def test_a_page_costs_the_same_however_many_there_are(self, city, secretary):
        def queries(*urls: str) -> list[int]:
            counts = []
            for each in urls:
                with CaptureQueriesContext(connection) as captured:
                    page_of(secretary, each)
                counts.append(len(captured))
            return counts

        person = a_resident(city.home, groups=[SpecialGroup.objects.create(name="甲", purpose="一")])
        a_resident(city.home), a_resident(city.home, household=person.household)
        pages = (
            LIST,
            f"{LIST}?grid={city.home.grid.pk}&care=green&age=14",
            url("resident", person),
            url("household", person.household),
            url("building", person.building),
            url("twins"),
        )
        page_of(secretary, LIST)
        few = queries(*pages)
        for _ in range(40):
            a_resident(city.home, household=person.household, groups=[SpecialGroup.objects.get(name="甲")])
            a_resident(city.home)
        assert queries(*pages) == few
        assert max(few) <= 22, few

    def test_an_empty_register_leads_to_the_first_person(self, secretary):
        page = page_of(secretary, LIST)
        assert "名册还是空的" in page
        assert url("resident_new") in page

    def test_one_primary_button_and_one_question(self, city, secretary, person):
        for each in (
            LIST,
            url("resident", person),
            url("household", person.household),
            url("building", person.building),
            url("resident_new"),
            url("residents_export"),
            url("twins"),
            *[url("resident_step", person, name=name) for name in ("change", "move", "leave", "erase")],
        ):
            page = page_of(secretary, each)
            main = page[page.index('id="main"') :]
            assert len(re.findall(r"<h1", main)) == 1, each
            assert len(re.findall(r'class="[^"]*btn[^"]*primary', main)) <= 1, each
