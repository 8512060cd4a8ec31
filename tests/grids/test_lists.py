"""The lists: what each of them says, against rows that were put there."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client

from grids import duties, households, residents
from grids.models import Building, Compound, Dwelling, Grid, TerritoryPolicy
from ground import clock
from organizations import tree
from organizations.models import UnitBranch
from organizations.posts import Tier
from tests.desk.scenes import open_page
from tests.factories import City, a_city, a_grid_worker, a_member
from tests.grids.listing import (
    a_company,
    a_compound,
    a_grid,
    headline,
    homeless_person,
    listed,
    move_in,
    officer_at,
    url_of,
)
from tests.grids.people import a_dwelling, a_household, a_resident
from tests.signing_in import strong_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def secretary(city: City) -> Client:
    return strong_client(city.home.secretary)


def test_three_lacking_says_what_each_lacks(city: City, secretary: Client) -> None:
    home = city.home
    Compound.objects.filter(pk=home.compound.pk).update(branch=home.grid.branch)
    a_compound(home, "电厂宿舍", kind=Compound.Kind.UNIT_HOUSING, paired_unit=a_company(city, "供电所"))
    a_compound(home, "锦绣花园", property_company=a_company(city, "和顺物业"), branch=home.grid.branch)
    a_compound(city.next_door, "别人的小区")
    rows = listed(secretary, "three-lacking")
    assert [row[0] for row in rows] == ["电厂宿舍"]
    assert rows[0][5] == "党组织、业主委员会、物业公司" and rows[0][6] == "供电所"
    assert [row[0] for row in listed(secretary, "three-lacking", view="two")] == ["花城小区"]
    assert listed(secretary, "three-lacking", view="one")[0][0] == "锦绣花园"
    assert headline(secretary, "three-lacking") == "3 个小区里 1 个三无小区"
    district = listed(officer_at(city.district), "three-lacking")
    assert {row[0] for row in district} == {"电厂宿舍", "别人的小区", "隔壁小区"}


def test_property_companies_with_their_branches_and_compounds(city: City, secretary: Client) -> None:
    with_branch, without = a_company(city, "和顺物业", branch=True), a_company(city, "城东物业")
    elsewhere = a_company(city, "别处物业")
    for number in range(5):
        a_compound(city.home, f"{number} 号院", property_company=with_branch)
    a_compound(city.home, "老院", property_company=without)
    a_compound(city.next_door, "外院", property_company=elsewhere)
    gone = UnitBranch.objects.create(unit=without, name="撤了的支部", closed_on=date(2021, 1, 1))
    assert headline(secretary, "property-companies") == "2 家，1 家有党组织，覆盖 5 个小区"
    rows = listed(secretary, "property-companies", view="all")
    assert [row[0] for row in rows] == ["和顺物业", "城东物业"] or {row[0] for row in rows} == {
        "和顺物业",
        "城东物业",
    }
    by_name = {row[0]: row for row in rows}
    assert by_name["和顺物业"][1:4] == ["和顺物业党支部", "5", "0 号院、1 号院、2 号院 等 5 个"]
    assert by_name["城东物业"][1] == "还没有" and gone.name not in str(rows)
    assert [row[0] for row in listed(secretary, "property-companies", view="without")] == ["城东物业"]
    assert headline(officer_at(city.street), "property-companies").startswith("3 家，1 家有党组织")


def test_out_of_range_by_the_numbers_of_the_district(city: City, secretary: Client) -> None:
    home = city.home
    TerritoryPolicy.objects.create(
        district=city.district, signed_by=home.secretary, people_min=1, people_max=2, branch_min=2,
        branch_max=4, blocks_min=2, blocks_max=3, self_built_min=1, self_built_max=1,
    )  # fmt: skip
    blocks = a_grid(home, "N1", parent=home.grid)
    built = a_grid(home, "N2", parent=home.grid, housing=Grid.Housing.SELF_BUILT)
    a_grid(home, "N3", parent=home.grid)
    move_in(home, 1, blocks)
    first = move_in(home, 3, built)[0]
    move_in(home, 2)
    for name in ("陈一", "陈二", "陈三"):
        a_resident(first, name)
    rows = {row[0]: row for row in listed(secretary, "out-of-range")}
    assert rows["网格N1"][3:] == ["1", "户", "2", "3", "少 1 户"]
    assert rows["网格N2"][3:] == ["3", "户", "1", "1", "多 2 户"]
    assert rows["第一网格"][3:] == ["6", "户", "2", "4", "多 2 户"], "with those of the grids inside"
    assert rows["花城社区"][3:] == ["3", "人", "1", "2", "多 1 人"]
    assert "网格N3" not in rows and listed(secretary, "out-of-range", view="blank")[0][0] == "网格N3"
    assert headline(secretary, "out-of-range") == "3 个网格、1 个社区不合标准"
    worker = strong_client(a_grid_worker(home, grid=blocks))
    assert {row[0] for row in listed(worker, "out-of-range", view="third")} == {"网格N1"}
    assert listed(worker, "out-of-range", view="community") == []


def test_coverage_opens_down_to_the_gap(city: City, secretary: Client) -> None:
    home = city.home
    bare = a_grid(home, "N9")
    move_in(home, 1, bare)
    group = tree.plant(parent=home.grid.branch, tier=Tier.BUILDING_GROUP, name="1 栋党小组", by=None)
    Building.objects.filter(pk=home.building.pk).update(group=group)
    answer = {row[0]: row for row in listed(secretary, "coverage", view="lines")}
    assert answer["第一网格"][2:6] == ["0", "100.0%", "0", "100.0%"]
    assert answer["网格N9"][2:6] == ["1", "0.0%", "1", "0.0%"]
    row = next(row for row in secretary.get(url_of("coverage")).context["rows"] if row[0].text == "网格N9")
    assert [cell.text for cell in secretary.get(row[2].url).context["rows"][0]][0] == "网格N9"
    assert secretary.get(row[4].url).context["rows"][0][0].text == "网格N9 1 栋"
    by_community = {row[0]: row for row in listed(officer_at(city.district), "coverage")}
    assert by_community["花城社区"][2:4] == ["2", "33.3%"] and by_community["隔壁社区"][3] == "50.0%"


def test_coverage_of_units_by_kind(city: City, secretary: Client) -> None:
    company = a_company(city, "和顺物业", branch=True)
    a_company(city, "城东物业")
    officer = officer_at(city.street)
    assert listed(officer, "coverage", view="kinds") == [["物业公司", "2", "1", "50.0%"]]
    assert [row[0] for row in listed(officer, "coverage", view="units")] == ["城东物业"]
    assert listed(secretary, "coverage", view="units") == [], "units of the street are not the community's"
    company.place_under(city.home.organization)
    company.save()
    assert listed(secretary, "coverage", view="kinds") == [["物业公司", "1", "1", "100.0%"]]


def test_empty_dwellings_until_somebody_lives_there_or_it_is_marked(city: City, secretary: Client) -> None:
    home = city.home
    lived_in = a_household(home.building)
    resident = a_resident(lived_in)
    left = a_household(home.building)
    residents.leave(a_resident(left, "走了的人"), by=None, why="外地工作")
    bare, marked = a_dwelling(home.building), a_dwelling(home.building, use=Dwelling.Use.EMPTY)
    shown = {row[1] for row in listed(secretary, "empty-dwellings", view="unmarked")}
    assert shown == {left.dwelling.code, bare.code}
    assert [row[1] for row in listed(secretary, "empty-dwellings", view="marked")] == [marked.code]
    assert resident.name not in str(listed(secretary, "empty-dwellings"))
    assert headline(secretary, "empty-dwellings").startswith("2 套房屋没有登记人")


def test_homeless_names_are_for_registry_sight_and_counts_for_the_rest(city: City, secretary: Client) -> None:
    person = homeless_person(city)
    a_resident(a_household(city.home.building), "有房的人")
    assert [row[0] for row in listed(secretary, "homeless")] == [person.name]
    for officer in (officer_at(city.district), officer_at(city.street), officer_at(None)):
        page = open_page(officer, url_of("homeless"))
        assert person.name not in page and "1 人还没有登记住处" in page
        assert person.name not in open_page(officer, url_of("homeless", view="homeless"))
    rows = {row[0]: row[2] for row in listed(officer_at(city.street), "homeless")}
    assert rows == {"花城社区": "1", "隔壁社区": "0"}
    inside = listed(officer_at(city.district), "homeless", community=city.home.organization.pk)
    assert inside[0][0] == "未归到网格" and inside[0][2] == "1"
    worker = strong_client(a_grid_worker(city.home))
    assert person.name not in open_page(worker, url_of("homeless")), "in no grid, so not in his"


def test_posts_tell_who_is_missing_away_and_has_the_work(city: City, secretary: Client) -> None:
    home = city.home
    split = a_grid(home, "N5")
    inner = [a_grid(home, f"N5{number}", parent=split) for number in range(2)]
    a_grid_worker(home, "A", grid=inner[0])
    for part in "AB":
        a_grid_worker(home, part)
    a_grid(home, "N70", parent=home.grid)
    bare = a_grid(home, "N6")
    a_grid(home, "N60", parent=bare)
    told = {row[0]: row[-1] for row in listed(secretary, "posts", view="all")}
    assert told == {
        "第一网格": "",
        "网格N6": "没有 A 岗、没有 B 岗",
        "网格N50": "没有 B 岗",
        "网格N51": "没有 A 岗、没有 B 岗",
    }, "those inside a grid with posts, or without any, are not told on their own"
    assert headline(secretary, "posts") == "2 个网格没有 A 岗，3 个没有 B 岗"


def test_one_person_on_both_posts_steps_in_for_nobody(city: City, secretary: Client) -> None:
    worker = a_grid_worker(city.home, "A")
    duties.assign(by=None, appointment=worker.appointments.get(), grid=city.home.grid, part="B")
    rows = listed(secretary, "posts", view="double")
    assert rows[0][0] == "第一网格" and rows[0][-1] == "A、B 岗是同一人"


def test_contact_duties_against_the_policy(city: City, secretary: Client) -> None:
    few, fine = a_member(city, name="钱太少"), a_member(city, name="孙正好")
    rows = move_in(city.home, 12)
    for household in rows[:2]:
        households.assign_contact(household, by=None, member=few)
    for household in rows[2:11]:
        households.assign_contact(household, by=None, member=fine)
    shown = listed(secretary, "contact-duties", view="off")
    assert [(row[0], row[2], row[4]) for row in shown] == [("钱太少", "2", "少 6 户")]
    both = listed(secretary, "contact-duties", view="members")
    assert {row[0] for row in both} == {"钱太少", "孙正好"}
    assert len(listed(secretary, "contact-duties", view="without")) == 1
    mine = secretary.get(url_of("contact-duties", view="off")).context["rows"][0][2].url
    assert len(secretary.get(mine).context["rows"]) == 2
    page = open_page(officer_at(city.district), url_of("contact-duties"))
    assert few.name not in page and "1 户还没有联户党员" in page


def test_care_due_now_and_within_two_weeks(city: City, secretary: Client) -> None:
    rows = move_in(city.home, 3)
    for household, days in zip(rows, (1, 10, 60), strict=True):
        households.assess(
            household, by=city.home.secretary, level="red", reason="独居，行动不便",
            review_on=clock.today() + timedelta(days=days),
        )  # fmt: skip
    assert listed(secretary, "care-due", view="due") == []
    with clock.at(clock.now() + timedelta(days=2)):
        fresh = strong_client(city.home.secretary)
        due = listed(fresh, "care-due")
        assert [row[0] for row in due] == [str(rows[0])]
        assert (
            due[0][1] == "连心户" and due[0][3] == "独居，行动不便" and due[0][5] == city.home.secretary.name
        )
        assert [row[0] for row in listed(fresh, "care-due", view="soon")] == [str(rows[1])]
        officer = officer_at(city.street)
        assert "独居" not in open_page(officer, url_of("care-due", view="due"))
        assert {row[0]: row[2:] for row in listed(officer, "care-due")}["花城社区"] == ["1", "1"]
