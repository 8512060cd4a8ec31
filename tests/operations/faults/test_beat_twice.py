"""Two beats: rounds are asked for twice as often, and nothing is done twice."""

from collections import Counter
from datetime import timedelta

import pytest

from ground import clock
from notifications.models import Message, Outgoing
from requests.models import RequestEvent, ServiceRequest
from tests import factories
from tests.operations.doctoring import doctor_is_clean
from tests.operations.faults.platform import Platform
from tests.operations.faults.scenes import is_all_delivered
from tests.workflow import accepted, filed

pytestmark = [pytest.mark.services]


def is_caught_up() -> bool:
    return not ServiceRequest.objects.filter(next_at__lte=clock.now()).exists() and is_all_delivered()


def after_rounds(platform: Platform, rounds: int) -> None:
    """Until the worker has ended so many rounds of each beat; a round writes two lines, taken and done."""
    for task in ("requests.tick", "notifications.sweep"):
        before = platform.log("worker").count(f"Task {task}[")
        platform.until(lambda: platform.log("worker").count(f"Task {task}[") >= before + rounds * 4, 60)  # noqa: B023


def events(matters: list[int]) -> dict[int, tuple[int, str, object]]:
    rows = RequestEvent.objects.filter(subject__in=matters).values_list("pk", "subject", "step", "codes")
    return {pk: rest for pk, *rest in rows}


def said() -> list[str]:
    return sorted(Outgoing.objects.values_list("key", flat=True))


def test_two_beats_do_nothing_twice(platform):
    city = factories.a_city()
    with clock.at(clock.now() - timedelta(days=30)):
        matters = [filed(city).pk, accepted(city).pk, accepted(city, track="urgent").pk]
    platform.start_beat("beat-1")
    platform.start_beat("beat-2")
    try:
        for name in ("beat-1", "beat-2"):
            platform.until(lambda: "requests.clock" in platform.log(name), 60)  # noqa: B023
        platform.until(is_caught_up, 60)
        after_rounds(platform, 3)  # what was said to many is told to each of them
        done, told = events(matters), said()
        after_rounds(platform, 3)
    finally:
        platform.kill("beat-1")
        platform.kill("beat-2")
    assert told, "reminders and overdue news"
    assert said() == told
    assert events(matters) == done
    assert set(Counter((subject, step, str(codes)) for subject, step, codes in done.values()).values()) == {1}
    assert Message.objects.filter(to=city.home.secretary).exists()
    doctor_is_clean()
