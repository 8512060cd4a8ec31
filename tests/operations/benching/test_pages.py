"""Every route that shows something is measured, or left out for a reason that is written down."""

from __future__ import annotations

from collections import Counter

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from operations.benching.discovering import answers_get, routes
from operations.benching.jobs import beaten, names
from operations.benching.pages import LEFT_OUT, PAGES
from organizations.guards import post_required


def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def test_every_route_that_answers_get_is_measured_or_left_out_with_a_reason():
    measured = {page.route for page in PAGES}
    assert routes() == measured | set(LEFT_OUT)
    assert not measured & set(LEFT_OUT)
    assert all(LEFT_OUT.values())


def test_pages_are_told_apart_by_their_names():
    assert [name for name, count in Counter(page.name for page in PAGES).items() if count > 1] == []


def test_routes_that_only_take_steps_are_none_of_them():
    found = routes()
    assert {"desk:work", "v1:request-list", "requests:step"} <= found
    assert not {"accounts:sign_out", "v1:claim-withdraw", "volunteers:claim_whistle"} & found
    assert reverse("accounts:sign_out")


def test_what_a_view_answers_is_read_from_its_decorators():
    assert answers_get(view)
    assert answers_get(require_GET(post_required(view)))
    assert answers_get(require_http_methods(["GET", "POST"])(view))
    assert not answers_get(require_POST(post_required(view)))
    assert not answers_get(post_required(require_POST(view)))


def test_every_task_of_beat_is_among_the_jobs():
    assert beaten() <= set(names())
    assert "requests.tick" in beaten()
