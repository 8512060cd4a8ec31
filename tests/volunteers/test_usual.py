"""常用哨单: kept from a whistle, filled into a form, taken out of use."""

from __future__ import annotations

from datetime import time

import pytest

from ground import clock
from ground.errors import NoPower, RuleViolation
from organizations.models import Skill
from requests.states import DutyArea
from tests.factories import a_user, appoint
from tests.signing_in import strong_client
from tests.volunteers.scenes import EVENING, FRIDAY_NOON, a_city, a_whistle
from volunteers.models import WhistleTemplate
from volunteers.whistling import usual

pytestmark = pytest.mark.django_db

LIST = "/desk/registry/volunteers/whistletemplate/"


def kept(city, name="修灯", **extra):
    whistle = a_whistle(city.home, skills=[Skill.objects.get_or_create(name="电工")[0]], **extra)
    return usual.save(whistle, by=city.home.secretary, name=name)


def test_a_whistle_becomes_a_template_of_its_community():
    city = a_city()
    template = kept(city)
    assert (template.organization, template.made_by) == (city.home.organization, city.home.secretary)
    assert (template.title, template.begins_at, template.minutes) == ("楼道灯抢修", time(18, 30), 60)
    with clock.at(FRIDAY_NOON):
        values = usual.values_of(template)
    assert values["starts_at"] == EVENING
    assert [skill.name for skill in values["skills"]] == ["电工"]


def test_the_same_again_gives_the_first_another_under_its_name_is_refused():
    city = a_city()
    whistle = a_whistle(city.home)
    first = usual.save(whistle, by=city.home.secretary, name="修灯")
    assert usual.save(whistle, by=city.home.secretary, name=" 修灯 ") == first
    for other, name in ((a_whistle(city.home, title="别的"), "修灯"), (whistle, " "), (whistle, "字" * 21)):
        with pytest.raises(RuleViolation) as refusal:
            usual.save(other, by=city.home.secretary, name=name)
        assert refusal.value.field == "name"
    assert WhistleTemplate.objects.count() == 1


def test_only_those_of_the_place_keep_it():
    city = a_city()
    template = kept(city)
    with pytest.raises(NoPower):
        usual.save(a_whistle(city.home), by=city.next_door.secretary, name="偷来的")
    with pytest.raises(NoPower):
        usual.retire(template, by=city.next_door.secretary)
    usual.begin()
    common = WhistleTemplate.objects.filter(organization=None).first()
    with pytest.raises(NoPower):
        usual.retire(common, by=city.home.secretary)
    usual.retire(template, by=city.home.secretary)
    at = template.retired_at
    usual.retire(template, by=city.home.secretary)
    assert at is not None and template.retired_at == at
    assert kept(city).pk != template.pk, "its name is free again"


def test_who_may_begin_from_which():
    city, elsewhere = a_city(), a_city("曲江")
    usual.begin()
    own = kept(city)
    district = WhistleTemplate.objects.create(
        organization=city.district, name="区里的", title="一", text="二"
    )
    common = set(WhistleTemplate.objects.filter(organization=None))
    seen = lambda user: set(WhistleTemplate.objects.usable_by(user))  # noqa: E731
    assert seen(city.home.secretary) == common | {own, district}
    assert seen(city.next_door.secretary) == common | {district}
    assert seen(elsewhere.home.secretary) == common


def test_the_usual_ones_cover_the_eight_duty_areas_once():
    assert usual.begin() == 8
    assert usual.begin() == 0
    assert {row.duty_area for row in WhistleTemplate.objects.all()} == set(DutyArea.values)
    for row in WhistleTemplate.objects.all():
        row.full_clean()


def test_in_the_registry_a_community_keeps_its_own(client):
    city = a_city()
    usual.begin()
    own, staff = kept(city), strong_client(city.home.secretary)
    page = staff.get(LIST).content.decode()
    assert own.name in page and "周末清洁日" in page
    common = WhistleTemplate.objects.get(name="周末清洁日")
    assert staff.get(f"{LIST}{own.pk}/change/").status_code == 200
    assert staff.post(f"{LIST}{common.pk}/change/", {"name": "我的"}).status_code == 403
    neighbour = strong_client(city.next_door.secretary)
    assert neighbour.get(f"{LIST}{own.pk}/change/").status_code == 404
    assert strong_client(a_user("居民")).get(LIST).status_code == 404
    filled = {
        "organization": city.home.organization.pk, "name": "楼道清扫", "kind": "activity", "duty_area": "cleaning",
        "task": "governance", "title": "楼道清扫", "text": "带扫把", "minutes": 60, "places_min": 1,
        "places_max": 4, "radius_m": 300,
    }  # fmt: skip
    assert staff.post(f"{LIST}add/", filled).status_code == 302
    assert WhistleTemplate.objects.get(name="楼道清扫").made_by == city.home.secretary
    nobodys = staff.post(f"{LIST}add/", filled | {"organization": "", "name": "全市的"})
    assert nobodys.status_code == 200 and not WhistleTemplate.objects.filter(name="全市的").exists()


def test_the_policy_power_of_the_district_keeps_the_districts():
    city = a_city()
    officer = a_user("区委")
    appoint(officer, "officer", city.district)
    staff = strong_client(officer)
    row = WhistleTemplate.objects.create(organization=city.district, name="区里的", title="一", text="二")
    assert row.name in staff.get(LIST).content.decode()
    assert usual.retire(row, by=officer).retired_at is not None
