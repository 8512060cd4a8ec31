"""Redis away: pages answer, steps are committed, codes are sent; what was said arrives once when it is back."""

import pytest

from notifications.models import Message, Outgoing
from tests import factories
from tests.operations.doctoring import doctor_is_clean
from tests.operations.faults.scenes import is_all_delivered
from tests.workflow import filed

pytestmark = [pytest.mark.services]


def test_redis_killed_and_back(platform):
    city = factories.a_city()
    secretary = city.home.secretary
    service_request = filed(city)
    with platform.browser(secretary) as page, platform.api(secretary) as api, platform.browser() as stranger:
        assert page.get("/").status_code == 200  # the session lies in the cache now, too
        platform.redis.kill()
        for path in (
            "/",
            "/desk/",
            "/desk/requests/",
            "/messages/",
            f"/desk/requests/{service_request.number}/",
        ):
            assert page.get(path).status_code == 200, (path, platform.log("web")[-3000:])
        assert stranger.get("/sign-in/").status_code == 200
        assert api.get("/requests/").status_code == 200
        taken = api.post(f"/requests/{service_request.number}/steps/accept/", json={"track": "urgent"})
        assert taken.status_code == 200, taken.text
        phone = factories.a_phone()
        sent = [stranger.post("/sign-in/", data={"phone": phone}) for _ in range(2)]
        assert sent[0].status_code == 302, sent[0].text
        assert "太频繁" in sent[1].text
        assert len(platform.gateway.texts_to(phone)) == 1
    service_request.refresh_from_db()
    assert service_request.state == "accepted"
    assert Outgoing.objects.filter(state=Outgoing.State.WAITING).exists()

    platform.redis.start()
    platform.start_beat()
    try:
        platform.until(is_all_delivered, 60)
    finally:
        platform.kill("beat")
    assert not Outgoing.objects.filter(state=Outgoing.State.FAILED).exists()
    told = list(Message.objects.filter(to=service_request.submitter).values_list("outgoing__key", flat=True))
    assert len(told) == len(set(told)) >= 1, "受理 is told once"
    doctor_is_clean()


def test_redis_that_hangs_costs_a_moment_and_no_page(platform):
    city = factories.a_city()
    with platform.browser(city.home.secretary) as page:
        assert page.get("/desk/").status_code == 200
        platform.redis.hang()
        try:
            answers = [page.get(path).status_code for path in ("/desk/", "/", "/messages/")]
        finally:
            platform.redis.go_on()
    assert answers == [200, 200, 200]
    doctor_is_clean()
