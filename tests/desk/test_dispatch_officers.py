"""Who appoints the case officers of a unit, in the registry: the district, and whoever keeps the unit's place."""

import pytest
from django.urls import reverse

from ground import clock
from organizations.models import Appointment
from organizations.posts import Post
from requests import recipients
from tests.factories import a_city, a_phone, a_unit, a_user, appoint
from tests.signing_in import strong_client
from tests.workflow import accepted
from tests.workflow.dispatched import sent

pytestmark = pytest.mark.django_db


def district_officer(city):
    officer = a_user("区委组织部")
    appoint(officer, Post.OFFICER, city.district)
    return strong_client(officer)


def appointing(client, unit, **data):
    fields = {"phone": a_phone(), "person": "邓承办", "post": Post.CASE_OFFICER, "unit": unit.pk, **data}
    fields.setdefault("begins_on", clock.today().isoformat())
    return client.post(reverse("admin:organizations_appointment_add"), fields)


def test_the_district_appoints_and_the_unit_can_be_sent_to():
    city = a_city()
    unit, client = a_unit(city, "住建局"), district_officer(city)
    assert recipients.nobody_answers(unit)
    assert client.get(reverse("admin:organizations_appointment_add")).status_code == 200
    answer = appointing(client, unit)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    held = Appointment.objects.get(unit=unit)
    assert held.post == Post.CASE_OFFICER and held.user.name == "邓承办"
    assert not recipients.nobody_answers(unit)
    assert sent(city, unit, accepted(city)).unit == unit
    assert strong_client(held.user).get("/desk/received/").status_code == 200


def test_the_units_to_choose_from_are_found_by_name():
    city = a_city()
    unit, client = a_unit(city, "住建局"), district_officer(city)
    asked = {"app_label": "organizations", "model_name": "appointment", "field_name": "unit", "term": "住建"}
    found = client.get(reverse("admin:autocomplete"), asked).json()["results"]
    assert [each["id"] for each in found] == [str(unit.pk)]


def test_a_community_appoints_at_its_own_units_only():
    city = a_city()
    own, far = a_unit(city, "花城物业"), a_unit(city, "住建局")
    own.place_under(city.home.organization)
    own.save()
    client = strong_client(city.home.secretary)
    assert appointing(client, own).status_code == 302
    refused = appointing(client, far)
    assert refused.status_code in (200, 403)
    assert list(Appointment.objects.filter(post=Post.CASE_OFFICER).values_list("unit", flat=True)) == [own.pk]


def test_when_the_post_ends_so_does_the_page():
    city = a_city()
    unit, client = a_unit(city, "住建局"), district_officer(city)
    appointing(client, unit)
    held = Appointment.objects.get(unit=unit)
    url = reverse("admin:organizations_appointment_verb", args=[held.pk, "end"])
    assert client.post(url, {"on": held.begins_on.isoformat()}).status_code == 302
    assert recipients.nobody_answers(unit)
    assert strong_client(held.user).get("/desk/received/").status_code == 404
