"""The same again: a message of the queue thrice, a form twice, a request over the API at once and with one key."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from notifications.models import Message, Outgoing
from requests.models import RequestEvent, ServiceRequest
from tests import factories
from tests.notifications import somebody_awake
from tests.operations.doctoring import doctor_is_clean
from tests.operations.faults.scenes import a_summary, waiting_for
from tests.workflow import a_category, filed
from volunteers.models import SummaryJob

pytestmark = [pytest.mark.services]


def test_a_message_of_the_queue_thrice(platform):
    user, job = somebody_awake(), a_summary()
    row = Outgoing.objects.get(pk=waiting_for(user, "thrice"))
    platform.send("notifications.deliver_rows", [row.pk], times=3)
    platform.send("volunteers.write_summary", job.pk, times=3)
    done = platform.log("worker").count("Task notifications.sweep[")
    platform.until(lambda: SummaryJob.objects.filter(pk=job.pk, state=SummaryJob.State.DONE).exists())
    platform.send("notifications.sweep", times=3)
    platform.until(lambda: platform.log("worker").count("Task notifications.sweep[") >= done + 6)
    row.refresh_from_db()
    assert (row.state, row.tries) == (Outgoing.State.SENT, 1)
    assert Message.objects.filter(to=user).count() == 1
    assert Outgoing.objects.filter(key__startswith=f"summary:{job.pk}:").count() == 1
    doctor_is_clean()


def test_one_form_twice_and_one_key_at_once(platform):
    city, user, other = factories.a_city(), factories.a_user(), factories.a_user()
    here, code = str(city.home.building.qr_token), a_category().code
    form = {"category": code, "text": "水管漏水", "b": here, "client_key": str(uuid4())}
    asked_for = {"category": code, "text": "电梯停了", "building_token": here, "key": str(uuid4())}
    with platform.browser(user) as page, platform.api(other) as api, ThreadPoolExecutor(4) as pool:
        posts = list(pool.map(lambda _: page.post("/requests/new/", data=form), range(2)))
        assert [answer.status_code for answer in posts] == [302, 302], posts[0].text
        assert posts[0].headers["Location"] == posts[1].headers["Location"]
        created = list(pool.map(lambda _: api.post("/requests/", json=asked_for), range(4)))
    assert {answer.status_code for answer in created} <= {200, 201}, created[0].text
    assert len({answer.json()["number"] for answer in created}) == 1
    assert ServiceRequest.objects.filter(submitter__in=(user, other)).count() == 2
    assert RequestEvent.objects.filter(by__in=(user, other)).count() == 2
    doctor_is_clean()


def test_one_step_twice(platform):
    city = factories.a_city()
    service_request = filed(city)
    path = f"/requests/{service_request.number}/steps/accept/"
    with platform.api(city.home.secretary) as api, ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: api.post(path, json={"track": "urgent"}), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert all(answer.json()["detail"] for answer in answers if answer.status_code == 409)
    assert RequestEvent.objects.filter(subject=service_request, step="accept").count() == 1
    doctor_is_clean()
