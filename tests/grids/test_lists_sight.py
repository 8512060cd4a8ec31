"""The lists: who sees which rows, what may be taken away as Excel, and what a page costs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from grids import households
from grids.lists import BY_SLUG, LISTS
from grids.models import Compound, Dwelling, Home, Household
from ground import clock
from organizations import tree
from organizations.models import AccessLogEntry
from organizations.posts import Post, Tier
from tests.desk.scenes import open_page, queries_of
from tests.factories import City, a_city, a_community, a_grid_worker, a_member, a_user, appoint
from tests.grids.listing import (
    REGISTRY,
    SLUGS,
    a_company,
    a_compound,
    a_grid,
    homeless_person,
    listed,
    move_in,
    officer_at,
    rows_in,
    sheet,
    url_of,
)
from tests.grids.people import a_dwelling, a_resident
from tests.grids.population import Cast, fill
from tests.signing_in import strong_client, weak_client

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def secretary(city: City) -> Client:
    return strong_client(city.home.secretary)


def test_every_list_opens_for_everybody_with_the_tree_in_sight(city: City) -> None:
    fill(city.home, 60)
    people = {
        "district": officer_at(city.district),
        "street": officer_at(city.street),
        "secretary": strong_client(city.home.secretary),
        "worker": strong_client(a_grid_worker(city.home)),
        "city": officer_at(None),
    }
    for who, client in people.items():
        for slug in SLUGS:
            for view in (*(view.key for view in BY_SLUG[slug].views), "lines", "nonsense"):
                answer = client.get(url_of(slug, view=view))
                assert answer.status_code == 200, (who, slug, view)
        assert client.get(reverse("grids:overview")).status_code == 200, who


# Who sees what


def test_people_of_next_door_find_nothing_of_ours_by_filter(city: City) -> None:
    homeless_person(city)
    move_in(city.home, 1)
    outside = (city.home.organization.pk, city.home.grid.pk)
    for outsider in (city.next_door.secretary, a_grid_worker(city.next_door)):
        client = strong_client(outsider)
        for slug in SLUGS:
            for said in ({"community": outside[0]}, {"grid": outside[1]}):
                for view in ("", "lines"):
                    assert client.get(url_of(slug, view=view, **said)).status_code == 404
                assert client.get(reverse("grids:sheet", args=[slug]), said).status_code == 404
            assert "花城" not in open_page(client, url_of(slug))
        for said in (f"?community={outside[0]}", f"?grid={outside[1]}"):
            assert client.get(reverse("grids:overview") + said).status_code == 404
        assert "花城" not in open_page(client, reverse("grids:overview"))


def test_without_a_post_in_the_tree_there_are_no_lists(city: City, client: Client) -> None:
    urls = [reverse("grids:overview"), *(url_of(slug) for slug in SLUGS)]
    liaison = a_user("联络员")
    appoint(liaison, Post.UNIT_LIAISON, a_company(city, "单位"))
    for url in urls:
        assert strong_client(a_user()).get(url).status_code == 404
        assert strong_client(liaison).get(url).status_code == 404
        assert client.get(url).status_code == weak_client(city.home.secretary).get(url).status_code == 302
    assert strong_client(city.home.secretary).get("/desk/territory/no-such-list/").status_code == 404


def test_a_grid_worker_sees_his_grid_only(city: City) -> None:
    other = a_grid(city.home, "N7")
    mine, theirs = move_in(city.home, 2), move_in(city.home, 3, other)
    worker = strong_client(a_grid_worker(city.home))
    shown = {row[0] for row in listed(worker, "contact-duties", view="without")}
    assert shown == {str(household) for household in mine} and str(theirs[0]) not in shown
    assert worker.get(url_of("contact-duties", grid=other.pk)).status_code == 404
    assert "2 户还没有联户党员" in open_page(worker, url_of("contact-duties"))


def test_a_branch_secretary_sees_counts_not_names(city: City) -> None:
    head = a_user("支书")
    appoint(head, Post.SECRETARY, city.home.grid.branch)
    household = move_in(city.home, 1)[0]
    households.assign_contact(household, by=None, member=a_member(city, name="孙联户"))
    client = strong_client(head)
    page = open_page(client, url_of("contact-duties", view="households"))
    assert "孙联户" not in page and str(household) not in page and "每一户都有联户党员" in page


def test_filters_narrow_and_stay(city: City) -> None:
    officer = officer_at(city.district)
    a_compound(city.home, "电厂宿舍")
    shown = officer.get(url_of("three-lacking", community=city.next_door.organization.pk))
    assert [row[0].text for row in shown.context["rows"]] == ["隔壁小区"]
    assert all(f"community={city.next_door.organization.pk}" in tab["url"] for tab in shown.context["tabs"])
    elsewhere = tree.plant(parent=city.district, tier=Tier.STREET, name="别的街道", code="", by=None)
    stale = officer.get(url_of("three-lacking", street=elsewhere.pk, community=city.home.organization.pk))
    assert stale.status_code == 200 and not stale.context["rows"], (
        "the street was changed, its community dropped"
    )


# Excel


def test_the_sheet_is_the_list_read_again(city: City, secretary: Client) -> None:
    a_compound(city.home, "=1+1", kind=Compound.Kind.OLD)
    rows = sheet(secretary, "three-lacking", view="all-three")
    assert rows[0][:3] == ["小区", "类型", "社区"]
    assert {row[0] for row in rows[1:]} == {"=1+1", "花城小区"}
    assert {row[4] for row in rows[1:]} == {0.0, 1.0}, "numbers are numbers"
    bare = a_dwelling(city.home.building)
    codes = sheet(secretary, "empty-dwellings", view="unmarked")
    assert codes[1][1] == bare.code and isinstance(codes[1][1], str)
    lines = sheet(officer_at(city.district), "coverage", view="lines")
    assert lines[1][:2] == ["花城社区", "新华街道"] and lines[1][3] == "50.0%"


def test_every_view_without_names_can_be_taken_away(city: City, secretary: Client) -> None:
    fill(city.home, 40)
    for listing in LISTS:
        for view in listing.views:
            if not view.is_personal:
                head = sheet(secretary, listing.slug, view=view.key)[0]
                assert head == [column.title for column in view.columns]


def test_names_leave_only_with_a_reason_and_a_trace(city: City, secretary: Client) -> None:
    person = homeless_person(city)
    url = reverse("grids:sheet", args=["homeless"]) + "?view=homeless"
    assert secretary.get(url).status_code == 404
    refused = secretary.post(url, {"reason": "查"})
    assert refused.status_code == 200 and "至少 4 个字" in refused.content.decode()
    assert not AccessLogEntry.objects.exists()
    rows = rows_in(secretary.post(url, {"reason": "入户核对住处"}))
    assert rows[1][0] == person.name
    entry = AccessLogEntry.objects.get()
    assert (entry.rows, entry.reason, entry.organization) == (1, "入户核对住处", city.home.organization)
    assert person.name not in entry.subject
    worker = a_user("社工")
    appoint(worker, Post.COMMUNITY_WORKER, city.home.organization)
    for other in (strong_client(worker), strong_client(a_grid_worker(city.home))):
        assert other.post(url, {"reason": "入户核对住处"}).status_code == 404
    officer = officer_at(city.district)
    answer = officer.post(f"{url}&community={city.home.organization.pk}", {"reason": "入户核对住处"})
    assert person.name not in str(rows_in(answer)), "the counts, which everybody may take"
    assert AccessLogEntry.objects.count() == 1


# What it costs


def some_of_everything(city: City, cast: Cast) -> None:
    """At least one row in every view that asks the database once more as soon as there is one."""
    soon = clock.today() + timedelta(days=5)
    for place in (city.home, city.next_door):
        first, second, third = move_in(place, 3)
        households.assign_contact(first, by=None, member=a_member(city))
        bare = cast.contact(place)
        bare.save()
        Home.objects.create(member=bare, building=place.building)
        households.assess(second, by=None, level="yellow", reason="独居老人")
        Household.objects.filter(pk=second.pk).update(care_review_on=clock.today())
        households.assess(third, by=None, level="yellow", reason="独居老人", review_on=soon)
        a_dwelling(place.building, use=Dwelling.Use.EMPTY)
        a_resident(first)
        a_compound(place, f"{place.organization.short_name}大院", property_company=a_company(city))
    homeless_person(city)


def test_lists_cost_the_same_however_much_there_is(city: City) -> None:
    clients = [strong_client(city.home.secretary), officer_at(city.street), officer_at(city.district)]
    cast = Cast()
    some_of_everything(city, cast)
    urls = [url_of(slug, view=view.key) for slug in SLUGS for view in BY_SLUG[slug].views]
    urls += [url_of(slug, view="lines") for slug in REGISTRY]
    now = clock.now()
    with clock.at(now):
        few = [[queries_of(client, url) for url in urls] for client in clients]
    fill(city.home, 400, cast)
    fill(city.next_door, 100, cast)
    for number in range(4):
        other = a_community(city.street, f"第{number}")
        fill(other, 40, cast)
        a_compound(other, "加的小区", property_company=a_company(city, f"{number} 号物业"))
    with clock.at(now):
        assert [[queries_of(client, url) for url in urls] for client in clients] == few
    assert max(map(max, few)) <= 22
