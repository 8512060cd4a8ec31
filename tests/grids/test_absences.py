"""离岗交接 (N6): who is away, who has the work meanwhile, and the day of coming back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse

from grids import absences, duties
from grids.models import Absence, Grid, GridDuty
from ground import clock
from ground.errors import NoPower, RuleViolation
from notifications.models import Outgoing
from organizations.models import Appointment
from organizations.posts import Post
from requests import powers
from tests.desk.scenes import ask, open_page
from tests.factories import City, a_city, a_grid_worker, a_user, appoint
from tests.signing_in import strong_client, weak_client

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 20)
NEXT_WEEK = TODAY + timedelta(days=7)


@pytest.fixture(autouse=True)
def on_friday() -> Any:
    with clock.at(clock.midnight(TODAY) + timedelta(hours=9)):
        yield


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def a_post(city: City) -> Appointment:
    return a_grid_worker(city.home, "A").appointments.get()


@pytest.fixture
def b_post(city: City) -> Appointment:
    worker = a_grid_worker(city.home, "B")
    post = worker.appointments.get()
    post.work_phone = "0751-0000002"
    post.save()
    return post


def on_day(day: date) -> Any:
    return clock.at(clock.midnight(day) + timedelta(hours=9))


def in_charge(city: City, on: date | None = None) -> Appointment:
    return absences.in_charge([city.home.grid.pk], on)[city.home.grid.pk].appointment


def test_b_has_the_work_from_the_first_day_away_to_the_day_before_coming_back(city, a_post, b_post):
    absences.note(by=city.home.secretary, appointment=a_post, begins_on=TODAY, ends_on=NEXT_WEEK)
    assert in_charge(city, TODAY - timedelta(days=1)) == a_post
    assert in_charge(city) == b_post
    assert in_charge(city, NEXT_WEEK - timedelta(days=1)) == b_post
    assert in_charge(city, NEXT_WEEK) == a_post


def test_where_both_are_away_a_is_named_and_without_any_nobody(city, a_post, b_post):
    for post in (a_post, b_post):
        absences.note(by=city.home.secretary, appointment=post, begins_on=TODAY)
    assert in_charge(city) == a_post
    assert absences.in_charge([city.next_door.grid.pk]) == {}


def test_the_grid_around_it_counts_and_steps_in(city, a_post):
    inner = Grid(tier=3, code="inner", name="1 单元", parent=city.home.grid)
    inner.place_under(city.home.organization)
    inner.save()
    assert absences.in_charge([inner.pk])[inner.pk].appointment == a_post
    own = a_grid_worker(city.home, "A", grid=inner).appointments.get()
    assert absences.in_charge([inner.pk])[inner.pk].appointment == own
    absences.note(by=None, appointment=own, begins_on=TODAY)
    assert absences.in_charge([inner.pk])[inner.pk].appointment == a_post


def test_it_costs_two_queries_however_many_grids(city, a_post, b_post, django_assert_num_queries):
    grids = [city.home.grid.pk, city.home.first_grid.pk, city.next_door.grid.pk]
    with django_assert_num_queries(2):
        absences.in_charge(grids)


def test_the_holder_notes_his_own_and_nobody_elses(city, a_post, b_post):
    absence = absences.note(by=a_post.user, appointment=a_post, begins_on=TODAY, reason=" 培训 ")
    assert (absence.noted_by, absence.reason, absence.ends_on) == (a_post.user, "培训", None)
    outsiders = (b_post.user, city.next_door.secretary, a_user(), a_grid_worker(city.next_door))
    for outsider in outsiders:
        with pytest.raises(NoPower):
            absences.note(by=outsider, appointment=a_post, begins_on=NEXT_WEEK)
        with pytest.raises(NoPower):
            absences.come_back(absence, by=outsider)
    absence.refresh_from_db()
    assert absence.ends_on is None


def test_what_cannot_be_noted_is_said_at_its_field(city, a_post):
    secretary = city.home.secretary
    with pytest.raises(RuleViolation, match="只登记网格员") as other_post:
        absences.note(by=secretary, appointment=secretary.appointments.get(), begins_on=TODAY)
    with pytest.raises(RuleViolation, match="回岗日期要晚于") as upside_down:
        absences.note(by=secretary, appointment=a_post, begins_on=TODAY, ends_on=TODAY)
    absences.note(by=secretary, appointment=a_post, begins_on=TODAY, ends_on=NEXT_WEEK)
    with pytest.raises(RuleViolation, match="已经登记过离岗") as twice:
        absences.note(by=secretary, appointment=a_post, begins_on=NEXT_WEEK - timedelta(days=1))
    absences.note(by=secretary, appointment=a_post, begins_on=NEXT_WEEK)
    a_post.ends_on = NEXT_WEEK
    a_post.save()
    with pytest.raises(RuleViolation, match="已经结束") as over:
        absences.note(by=secretary, appointment=a_post, begins_on=NEXT_WEEK + timedelta(days=3))
    fields = [each.value.field for each in (other_post, upside_down, twice, over)]
    assert fields == ["appointment", "ends_on", "begins_on", "begins_on"]


def test_coming_back_ends_it_at_once_or_on_a_day(city, a_post, b_post):
    secretary = city.home.secretary
    absence = absences.note(by=secretary, appointment=a_post, begins_on=TODAY - timedelta(days=3))
    absences.come_back(absence, by=secretary, on=NEXT_WEEK)
    assert in_charge(city) == b_post
    absences.come_back(absence, by=secretary)
    assert in_charge(city) == a_post and in_charge(city, TODAY - timedelta(days=1)) == b_post
    with pytest.raises(RuleViolation, match="已经回岗"):
        absences.come_back(absence, by=secretary)


def test_who_never_went_is_struck_off_and_a_later_absence_is_not_run_into(city, a_post):
    secretary = city.home.secretary
    first = absences.note(by=secretary, appointment=a_post, begins_on=TODAY, ends_on=NEXT_WEEK)
    later = absences.note(by=secretary, appointment=a_post, begins_on=NEXT_WEEK + timedelta(days=7))
    with pytest.raises(RuleViolation, match="下一次离岗"):
        absences.come_back(first, by=secretary, on=NEXT_WEEK + timedelta(days=8))
    absences.come_back(later, by=secretary)
    assert list(Absence.objects.all()) == [first]


def test_the_b_post_hears_of_it_and_a_holder_of_both_does_not(city, a_post, b_post):
    absences.note(by=None, appointment=a_post, begins_on=TODAY, ends_on=NEXT_WEEK)
    told = Outgoing.objects.get()
    assert told.to == b_post.user and "第一网格" in told.title
    assert "11月20日至11月26日" in told.text and told.url == reverse("grids:list", args=["posts"])
    both = appoint(a_user("一人两岗"), Post.GRID_WORKER, city.next_door.organization)
    for part in GridDuty.Part:
        duties.assign(by=None, appointment=both, grid=city.next_door.grid, part=part)
    absences.note(by=None, appointment=both, begins_on=TODAY)
    assert Outgoing.objects.count() == 1


def test_residents_see_b_with_the_telephone_until_a_is_back(city, a_post, b_post):
    resident = a_user("周小明")
    ask(city.home, clock.now(), by=resident)
    client = weak_client(resident)
    assert "tel:0751-0000001" in open_page(client, "/")
    absences.note(by=None, appointment=a_post, begins_on=TODAY, ends_on=NEXT_WEEK)
    page = open_page(client, "/")
    assert "tel:0751-0000002" in page and "tel:0751-0000001" not in page and "B 岗" in page
    with on_day(NEXT_WEEK):
        page = open_page(weak_client(resident), "/")
        assert "tel:0751-0000001" in page and "tel:0751-0000002" not in page


def test_work_of_the_grid_is_not_given_to_who_is_away(city, a_post, b_post):
    request = ask(city.home, clock.now())
    assert {a_post.user, b_post.user} <= set(powers.handlers(request))
    absence = absences.note(by=None, appointment=a_post, begins_on=TODAY)
    offered = set(powers.handlers(request))
    assert b_post.user in offered and a_post.user not in offered and city.home.secretary in offered
    absences.come_back(absence, by=None)
    assert a_post.user in set(powers.handlers(request))


# The page


def form(post: Appointment, **more: Any) -> dict[str, Any]:
    return {"appointment": post.pk, "begins_on": TODAY, "ends_on": "", "reason": "年假", **more}


def test_a_grid_worker_notes_his_own_absence_and_coming_back_on_the_page(city, a_post, b_post):
    client, url = strong_client(a_post.user), reverse("grids:absences")
    page = client.get(url)
    assert list(page.context["form"].fields["appointment"].queryset) == [a_post]
    assert client.post(url, form(a_post)).status_code == 302
    absence = Absence.objects.get()
    assert "1 条离岗没有结束" in open_page(client, url)
    answer = client.get(reverse("grids:list", args=["posts"]), {"view": "away"})
    assert "0751-0000002" in [cell.text for row in answer.context["rows"] for cell in row]
    with on_day(NEXT_WEEK):
        client.post(reverse("grids:absence_back", args=[absence.pk]), {"on": NEXT_WEEK})
    absence.refresh_from_db()
    assert absence.ends_on == NEXT_WEEK


def test_the_page_offers_the_posts_of_the_own_community_only(city, a_post, b_post):
    client, url = strong_client(city.home.secretary), reverse("grids:absences")
    assert set(client.get(url).context["form"].fields["appointment"].queryset) == {a_post, b_post}
    outside = a_grid_worker(city.next_door).appointments.get()
    answer = client.post(url, form(outside))
    assert answer.status_code == 200 and "appointment" in answer.context["form"].errors
    refused = client.post(url, form(a_post, ends_on=TODAY))
    assert "回岗日期要晚于" in refused.content.decode() and not Absence.objects.exists()


def test_an_absence_of_next_door_is_not_found(city, a_post):
    absence = absences.note(by=None, appointment=a_post, begins_on=TODAY)
    for outsider in (city.next_door.secretary, a_grid_worker(city.next_door)):
        client = strong_client(outsider)
        assert client.post(reverse("grids:absence_back", args=[absence.pk])).status_code == 404
    officer = a_user("科长")
    appoint(officer, Post.OFFICER, city.district)
    assert strong_client(officer).get(reverse("grids:absences")).status_code == 404
    absence.refresh_from_db()
    assert absence.ends_on is None
