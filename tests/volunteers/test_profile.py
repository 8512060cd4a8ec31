"""我的专长和空闲时间: said by oneself only, as a whole, and told back."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from ground.errors import NoPower, RuleViolation
from organizations.models import Skill
from tests.factories import a_user
from tests.signing_in import weak_client
from tests.volunteers.scenes import a_city, a_plain_volunteer, a_volunteer
from volunteers.joining import profile
from volunteers.models import Volunteer
from volunteers.states import FreeTime

pytestmark = pytest.mark.django_db
URL = "/service/profile/"


def skills(*names: str) -> list[Skill]:
    return [Skill.objects.get_or_create(name=name)[0] for name in names]


def test_what_is_said_replaces_what_was_said():
    volunteer = a_plain_volunteer(a_city())
    profile.declare(volunteer, by=volunteer.user, skills=skills("理发"), free_times=["sunday", "evening"])
    profile.declare(volunteer, by=volunteer.user, skills=skills("摄影"), free_times=["sunday", "evening"])
    volunteer = Volunteer.objects.get(pk=volunteer.pk)
    assert [skill.name for skill in volunteer.skills.all()] == ["摄影"]
    assert volunteer.free_times == [FreeTime.EVENING, FreeTime.SUNDAY]
    assert profile.free_times_in_words(volunteer) == "工作日晚上、周日"
    profile.declare(volunteer, by=volunteer.user, skills=[], free_times=[])
    assert not volunteer.skills.exists() and Volunteer.objects.get(pk=volunteer.pk).free_times == []


def test_nobody_says_it_for_another():
    city = a_city()
    volunteer = a_volunteer(city)
    for other in (city.home.secretary, a_volunteer(city).user, None):
        with pytest.raises(NoPower):
            profile.declare(volunteer, by=other, skills=[], free_times=[])


def test_what_does_not_exist_and_too_much_is_refused():
    volunteer = a_plain_volunteer(a_city())
    with pytest.raises(RuleViolation) as refusal:
        profile.declare(volunteer, by=volunteer.user, skills=[], free_times=["midnight"])
    assert refusal.value.field == "free_times"
    plenty = skills(*(f"专长{number}" for number in range(11)))
    with pytest.raises(RuleViolation) as refusal:
        profile.declare(volunteer, by=volunteer.user, skills=plenty, free_times=[])
    assert refusal.value.field == "skills"


def test_the_page_shows_the_register_and_saves_the_rest():
    volunteer = a_volunteer(a_city(), skills=("电工",))
    (hair,) = skills("理发")
    client = weak_client(volunteer.user)
    page = client.get(URL).content.decode()
    assert "党员登记里的专长" in page and f'value="{hair.pk}"' in page
    assert f'name="skills" value="{Skill.objects.get(name="电工").pk}"' not in page
    page = client.post(URL, {"skills": [hair.pk], "free_times": ["saturday"]}, follow=True).content.decode()
    assert "已保存" in page and "checked" in page
    assert [skill.name for skill in volunteer.skills.all()] == ["理发"]
    answer = client.post(URL, {"skills": [999], "free_times": ["noon"]})
    assert answer.status_code == 422 and "请从列出的" in answer.content.decode()
    client.post(URL, {})
    assert not volunteer.skills.exists()


def test_it_is_told_among_what_is_stored_about_me():
    volunteer = a_plain_volunteer(a_city())
    profile.declare(volunteer, by=volunteer.user, skills=skills("理发"), free_times=["sunday"])
    page = weak_client(volunteer.user).get("/me/").content.decode()
    assert "自己说的专长" in page and "理发" in page and "空闲时间" in page and "周日" in page


def test_who_is_no_volunteer_is_led_to_registration():
    answer = weak_client(a_user()).get(URL)
    assert (answer.status_code, answer.url) == (302, "/registration/")


def test_over_the_api():
    volunteer = a_volunteer(a_city(), skills=("电工",))
    (hair,) = skills("理发")
    client = APIClient()
    assert client.get("/api/v1/volunteer-profile/").status_code == 401
    client.force_authenticate(volunteer.user)
    said = client.post("/api/v1/volunteer-profile/", {"skills": [hair.pk], "free_times": ["evening"]}).json()
    assert said == client.get("/api/v1/volunteer-profile/").json()
    assert [row["name"] for row in said["registered"]] == ["电工"]
    assert [row["name"] for row in said["skills"]] == ["理发"] and said["free_times"] == ["evening"]
    assert (
        client.post("/api/v1/volunteer-profile/", {"skills": [], "free_times": ["noon"]}).status_code == 400
    )
    client.force_authenticate(a_user())
    assert client.get("/api/v1/volunteer-profile/").status_code == 404
