"""Somebody from the next community, and nobody at all, walk every URL, admin page and API route (RULES 5).

A new route fails here until it is said in `world` what its arguments point at, or below who may see it.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.signing_in import strong_client, weak_client
from tests.walk import world as worlds
from tests.walk.routes import Route, arguments, every_route

pytestmark = [pytest.mark.django_db, pytest.mark.once]

#: Routes with arguments that are nobody's in particular, with the reason.
COMMON = {
    "grids:building_qr": "the token is the key; the page asks to sign in before it shows anything",
    "grids:list": "the same question for everybody, each in his own reach (tests/grids/test_lists_sight.py)",
    "grids:sheet": "the Excel of such a list",
    "desk:bulk": "the name is a step; what is ticked is told row by row, each in sight (tests/desk/test_bulk.py)",
    "volunteers:leaderboard": "the board of a district is for everybody registered in it",
    "volunteers:score": "a score of the board opens to its entries (RULES 7)",
    "volunteers:city_leaderboard": "for whoever may open the boards of any district (test_board_pages.py)",
    "volunteers:city_score": "the same",
    "volunteers:public_board": "for everybody, where the policy opens it (test_board_pages.py)",
    "volunteers:public_city_board": "the same",
    "accounts:revoke_device": "looked up among one's own devices only",
    "v1:leaderboard-detail": "the board of a district is for everybody registered in it",
    "v1:leaderboard-snapshots": "the same, at the end of a day",
    "v1:territory-policy-detail": "what a district has signed is no secret inside it (test_duties_api.py)",
    "v1:policy-detail": "what a district has signed is no secret inside it (test_policies_api.py)",
    "v1:category-detail": "the catalogue is public to people who signed in",
    "admin:app_list": "lists what its other pages show",
    "admin:view_on_site": "redirects to the page of the thing, which asks again",
}
#: Registries that belong to no place: their rows are told by the kind of person, not by the community.
PLACELESS = (
    *("admin:organizations_skill", "admin:organizations_workdayoverride", "admin:requests_category"),
    *("admin:accounts_", "admin:notifications_", "admin:auth_"),
    *("admin:grids_specialgroup", "admin:grids_territorypolicy", "admin:dashboards_rollupstate"),
)


#: The registry's own doors: they lead to our sign-in, or out.
ASK_AGAIN = {"admin:login", "admin:logout"}


@pytest.fixture
def world():
    return worlds.build()


def points_at_something(route: Route) -> bool:
    return bool(route.keys) and route.name not in COMMON and not route.name.startswith(PLACELESS)


def test_every_route_with_arguments_has_a_meaning(world):
    unknown = [
        f"{route.name} {route.keys}"
        for route in every_route()
        if points_at_something(route) and arguments(route, world.meanings) is None
    ]
    assert not unknown, "say in tests/walk/world.py what these point at: " + "; ".join(unknown)


def test_people_of_the_next_community_find_nothing_of_ours(world):
    found = []
    for who, user in world.outsiders.items():
        client = strong_client(user)
        for route in filter(points_at_something, every_route()):
            url = url_of(route, world)
            for method in ("get", "post"):
                answer = getattr(client, method)(url)
                if answer.status_code not in (404, 405):
                    found.append(f"{who} {method} {route}: {answer.status_code}")
    assert not found, "\n".join(found)


def test_lists_and_home_pages_of_the_next_community_never_show_ours(world):
    leaks = []
    for who, user in world.outsiders.items():
        client = strong_client(user)
        for route in every_route():
            if route.keys or (user.is_administrator and route.name == "admin:accounts_user_changelist"):
                continue  # accounts are the administrator's own trade
            answer = client.get("/" + route.path.replace("^", "").replace("$", ""))
            if answer.status_code >= 500:
                leaks.append(f"{who} {route}: {answer.status_code}")
            elif not answer.streaming and worlds.SECRET in answer.content.decode(errors="replace"):
                leaks.append(f"{who} {route} shows it")
    assert not leaks, "\n".join(leaks)


def test_nobody_is_asked_to_sign_in_everywhere(world):
    open_to_all = {"healthz", "desk:home", "accounts:prefs", "v1:api-root", "admin:logout", "requests:query"}
    wrong = []
    client = Client()
    for route in every_route():
        if route.name in open_to_all or route.name.startswith(("accounts:", "v1:auth")):
            continue
        if route.keys and not points_at_something(route):
            continue
        answer = client.get(url_of(route, world))
        if not asks_to_sign_in(answer):
            wrong.append(f"{route}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_a_resident_finds_no_staff_pages_and_is_not_asked_for_a_password(world):
    """Without a post there is nothing that a password would open: 404, not a dead end."""
    client = weak_client(world.resident)
    for route in every_route():
        if route.keys or not route.path.startswith(("desk/", "dashboards/")) or route.name in ASK_AGAIN:
            continue
        assert client.get("/" + route.path).status_code in (404, 405), route


def asks_to_sign_in(answer: Any) -> bool:
    if answer.status_code in (302, 301):
        return "/sign-in/" in answer.url or answer.url.startswith("/desk/registry/login")
    return answer.status_code in (401, 403, 404, 405)


def test_the_people_of_the_house_do_find_it(world):
    """The walk proves something only if these addresses lead somewhere for those who may."""
    staff = strong_client(world.home.secretary)
    for name, where in (
        ("desk:request", {"number": world.service_request.number}),
        ("desk:whistle", {"pk": world.whistle.pk}),
        ("dashboards:node", {"pk": world.home.organization.pk}),
        ("admin:grids_grid_change", {"object_id": world.home.grid.pk}),
        ("admin:volunteers_whistle_change", {"object_id": world.whistle.pk}),
    ):
        answer = staff.get(reverse(name, kwargs=where))
        assert answer.status_code == 200, name
    phone = strong_client(world.resident)
    page = phone.get(reverse("requests:detail", kwargs={"number": world.service_request.number}))
    assert worlds.SECRET in page.content.decode()


def url_of(route: Route, world: Any) -> str:
    wanted = arguments(route, world.meanings)
    if not route.keys:
        return "/" + route.path.replace("^", "").replace("$", "")
    return reverse(route.name, kwargs=wanted)
