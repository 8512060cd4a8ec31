"""What the tests of requests start from."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from PIL import Image

from accounts.models import User
from organizations.posts import Post
from requests import workflow
from requests.models import Category, ServiceRequest
from requests.states import Outcome, Track
from tests.factories import City, a_user, appoint

CHINA = ZoneInfo("Asia/Shanghai")
#: A Friday that is a working day.
FRIDAY = datetime(2026, 11, 20, 9, 12, tzinfo=CHINA)


def a_category(code: str = "repair", **extra: Any) -> Category:
    fields = {"name": "维修", "track": Track.IMPORTANT, **extra}
    return Category.objects.get_or_create(code=code, defaults=fields)[0]


def filed(city: City, *, by: User | None = None, text: str = "楼道灯不亮", **extra: Any) -> ServiceRequest:
    """A request of a resident about the building at home, unless told otherwise."""
    fields: dict[str, Any] = {"category": extra.pop("category", None) or a_category()}
    if not extra.keys() & {"building", "community", "point"}:
        fields["building"] = city.home.building
    return workflow.submit(by=by or a_user("周小兰"), text=text, **(fields | extra))


def accepted(city: City, *, track: str = Track.IMPORTANT, **extra: Any) -> ServiceRequest:
    service_request = filed(city, **extra)
    workflow.accept(service_request, by=city.home.secretary, track=track)
    return service_request


def in_progress(city: City, **extra: Any) -> ServiceRequest:
    service_request = accepted(city, **extra)
    workflow.handle(service_request, by=city.home.secretary, responsible=city.home.secretary)
    return service_request


def resolved(city: City, **extra: Any) -> ServiceRequest:
    service_request = in_progress(city, **extra)
    workflow.resolve(service_request, by=city.home.secretary, outcome=Outcome.SOLVED, text="换了新灯")
    return service_request


def a_photo(
    name: str = "灯.jpg", *, size: tuple[int, int] = (640, 480), kind: str = "JPEG", **save: Any
) -> Any:
    """An upload as a phone sends it."""
    target = BytesIO()
    Image.new("RGB", size, "navy").save(target, kind, **save)
    return SimpleUploadedFile(name, target.getvalue(), content_type="image/jpeg")


def seated(place: Any, post: str = Post.OFFICER, name: str = "") -> User:
    """Somebody with a post there."""
    person = a_user(name or "干部")
    appoint(person, post, place)
    return person


def escalated(city: City, *, times: int = 1, **extra: Any) -> ServiceRequest:
    """At the street, or at the district, and not taken over yet."""
    service_request = accepted(city, **extra)
    workflow.VERBS["escalate"](service_request, by=city.home.secretary, reason="管线归街道")
    for place in [city.street, city.district][: times - 1]:
        workflow.VERBS["escalate"](service_request, by=seated(place), reason="要区里协调")
    return service_request


def steps_of(service_request: ServiceRequest) -> list[str]:
    return list(service_request.events.order_by("id").values_list("step", flat=True))


def together(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls in threads that start at the same moment; each result is what it gave or raised."""
    gate, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(place: int, call: Callable[[], Any]) -> None:
        gate.wait()
        try:
            results[place] = call()
        except Exception as error:  # the test looks at it
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def everybody_was_rung() -> None:
    """The clock of the first contact is silent: it has tests of its own (test_contact_clock)."""
    ServiceRequest.objects.update(contact_next_at=None)
