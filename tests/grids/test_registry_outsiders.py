"""A person of the next grid, the next community, another district, a unit liaison, a plain resident, the street, the
system administrator: nothing by id, search, filter, export, admin autocomplete, API, error text or timing.

Whatever can be asked is asked twice, about marked people and about nobody: answers and statements must be the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from grids.lists import BY_SLUG
from grids.models import Resident, SpecialGroup
from tests.grids import outsiders
from tests.grids.alike import Answer, ask, numbers_from_afar, text_of
from tests.grids.outsiders import (
    BODY,
    MARKS,
    NOBODY,
    NUMBER,
    PEOPLE,
    PHONE,
    VIEWERS,
    WORD,
    WRITERS,
    Findings,
    Scene,
    a_number,
    clients,
    filters,
    forget_exports,
    in_sight,
)
from tests.grids.people import a_document, a_resident
from tests.grids.registry_routes import (
    address_of,
    arguments,
    is_named,
    registry_of,
    routes,
    row_of,
    with_rows,
    without_rows,
)
from tests.signing_in import strong_client

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def scene(db: None) -> Iterator[Scene]:
    with numbers_from_afar():
        yield outsiders.build()


# The proof proves something


def test_every_route_of_the_registry_is_named():
    unknown = [f"{route} {route.keys}" for route in with_rows() if not is_named(route)]
    assert not unknown, "say in tests/grids/registry_routes.py what these point at: " + "; ".join(unknown)
    assert len(routes()) > 80


def test_whoever_belongs_here_does_find_it(scene):
    client = strong_client(scene.city.home.secretary)
    found = [
        route.name
        for route in with_rows()
        for given in arguments(route, scene.rows[row_of(route)].pk)
        if WORD in text_of(client.get(reverse(route.name, kwargs=given)))
    ]
    for name in ("admin:grids_resident_change", "grids:resident", "grids:household", "v1:resident-detail"):
        assert name in found


def test_nobody_here_sees_a_person(scene):
    for who, user in scene.viewers.items():
        for name in PEOPLE:
            assert not in_sight(user, scene.rows[f"grids_{name}"]), (who, name)


# By id


@pytest.mark.parametrize("who", VIEWERS)
def test_an_id_elsewhere_and_an_id_of_nobody_are_answered_alike(scene, who):
    findings, user = Findings(), scene.viewers[who]
    client = outsiders.client_of(user)
    seen = {label: in_sight(user, row) for label, row in scene.rows.items() if label.startswith("grids_")}
    for route in with_rows():
        label = row_of(route)
        for given in arguments(route, scene.rows[label].pk):
            _ask_about(findings, f"{who} {route} {given}", client, route, given, is_seen=seen[label])
    findings.are_none(200)


def _ask_about(
    findings: Findings, what: str, client: Client, route: Any, given: dict[str, Any], *, is_seen: bool
) -> None:
    key = next(name for name in given if name in ("pk", "object_id"))
    url, nowhere = (reverse(route.name, kwargs={**given, key: pk}) for pk in (given[key], NOBODY))
    for method in ("get", "post", "patch") if route.name.startswith("v1:") else ("get", "post"):
        real = ask(client, method, url, BODY, forget=(given[key],))
        other = None if is_seen else ask(client, method, nowhere, BODY, forget=(NOBODY, given[key]))
        findings.look(f"{method} {what}", real, other)
        if not is_seen and real.status not in (404, 405):
            findings.told.append(f"{method} {what}: {real.status}")


# By lists, searches, filters, exports


def test_lists_show_nobody_elsewhere(scene):
    findings = Findings()
    for who, _, client in clients(scene):
        for route in without_rows():
            for method in ("get", "post"):
                answer = ask(client, method, address_of(route), BODY, leaves_nothing=method == "get")
                findings.look(f"{who} {method} {route}", answer)
    findings.are_none(300)


def test_what_is_counted_and_listed_is_the_same_whether_they_are_there_or_not(scene):
    """For whoever has no counts of that place either."""
    findings = Findings()
    before = _all_lists(scene)
    household = Resident.objects.get(document_index=scene.rows["grids_resident"].document_index).household
    a_resident(household, f"上官{WORD}")
    for what, real in _all_lists(scene).items():
        findings.look(what, real, before[what])
    findings.are_none(150)


def _all_lists(scene: Scene) -> dict[str, Answer]:
    blind = [who for who in scene.viewers if who not in ("street officer", "system administrator")]
    return {
        f"{who} {route}": ask(client, "get", address_of(route))
        for who, _, client in clients(scene, *blind)
        for route in without_rows()
    }


def test_searches_find_nobody_elsewhere(scene):
    findings = Findings()
    words = {
        f"欧阳{WORD}": "端木无人",
        "欧阳": "端木",
        "oymy": "dmwr",
        NUMBER: a_document(),
        PHONE: "13900000000",
    }
    for who, _, client in clients(scene):
        for ours, others in words.items():
            for url in (reverse("grids:residents_search"), reverse("v1:resident-search")):
                pair = [ask(client, "post", url, {"words": each}, forget=(each,)) for each in (ours, others)]
                findings.look(f"{who} {url} {ours}", *pair)
            page = [_found_on_the_desk(client, each) for each in (ours, others)]
            findings.look(f"{who} found {ours}", *page)
    findings.are_none(100)


def _found_on_the_desk(client: Client, words: str) -> Answer:
    answer = client.post(reverse("grids:residents_search"), {"words": words})
    return ask(client, "get", answer.get("Location") or "/", forget=(words,))


def test_filters_find_nobody_elsewhere(scene):
    findings, rows = Findings(), scene.rows
    keys = {
        "grid": rows["grids_grid"].pk,
        "building": rows["grids_building"].pk,
        "household": rows["grids_household"].pk,
        "dwelling": rows["grids_dwelling"].pk,
        "contact": rows["member"].pk,
        "compound": rows["grids_compound"].pk,
        "community": scene.city.home.organization.pk,
        "parent": scene.city.home.first_grid.pk,
        "street": scene.city.street.pk,
        "district": scene.city.district.pk,
        "group": rows["group"].pk,
    }
    for who, _, client in clients(scene, *WRITERS, "liaison of a unit"):
        for url, name, parameter in filters():
            real = ask(client, "get", url, {parameter: keys[name]}, forget=(keys[name],))
            ghost = ask(client, "get", url, {parameter: NOBODY}, forget=(NOBODY,))
            is_own = name == "group" or (who == WRITERS[0] and name in ("community", "street", "parent"))
            is_common = name in ("street", "district")
            findings.look(f"{who} {url} {parameter}", real, None if is_own or is_common else ghost)
    findings.are_none(150)


def test_exports_hold_nobody_elsewhere(scene):
    findings = Findings()
    data = {"reason": "街道人口核对", "whole": "1"}
    sheets = [
        reverse(name, kwargs={"slug": slug}) for name in ("grids:list", "grids:sheet") for slug in BY_SLUG
    ]
    for who, _, client in clients(scene):
        for url in (reverse("grids:residents_export"), *sheets):
            for method in ("get", "post"):
                forget_exports()
                findings.look(f"{who} {method} {url}", ask(client, method, url, data, leaves_nothing=False))
    findings.are_none(100)


def test_an_export_of_those_who_may_does_hold_them(scene):
    data = {"reason": "街道人口核对", "whole": "1"}
    client = strong_client(scene.city.home.secretary)
    answer = ask(client, "post", reverse("grids:residents_export"), data, leaves_nothing=False)
    assert {WORD, NUMBER, PHONE} <= {mark for mark in MARKS if mark in answer.body}


# By pickers


def test_pickers_offer_nobody_elsewhere(scene):
    findings, rows = Findings(), scene.rows
    terms = {f"欧阳{WORD}": "端木", NUMBER: a_document(), rows["grids_dwelling"].code: "X-00-01-1"}
    pickers = {
        field.related_model: (model._meta, field.name)
        for model in admin.site._registry
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and field.related_model._meta.app_label == "grids"
    }
    assert len(pickers) > 6
    for who, _, client in clients(scene, *(who for who in scene.viewers if who != "street officer")):
        for meta, field in pickers.values():
            about = {"app_label": meta.app_label, "model_name": meta.model_name, "field_name": field}
            for ours, others in terms.items():
                pair = [
                    ask(client, "get", "/desk/registry/autocomplete/", {**about, "term": term})
                    for term in (ours, others)
                ]
                findings.look(f"{who} {meta.label}.{field} {ours}", *pair)
    findings.are_none(100)


def test_rows_elsewhere_cannot_be_chosen(scene):
    """In any field of the registry's forms that names another row."""
    findings = Findings()
    chosen = {type(row): row.pk for label, row in scene.rows.items() if label.startswith("grids_")}
    for who, _, client in clients(scene, *WRITERS):
        for route in without_rows():
            if not route.name.endswith("_add"):
                continue
            fields = registry_of(route).model._meta.get_fields()
            named = [each for each in fields if each.is_relation and each.related_model in chosen]
            named = [each for each in named if each.related_model is not SpecialGroup]  # common to all
            real, ghost = (
                {each.name: pk or chosen[each.related_model] for each in named} for pk in (None, NOBODY)
            )
            pair = [
                ask(client, "post", address_of(route), data, forget=(*data.values(),))
                for data in (real, ghost)
            ]
            findings.look(f"{who} {route} {[*real]}", *pair)
    findings.are_none(30)


def test_rows_elsewhere_cannot_be_named_in_a_call(scene):
    findings, rows = Findings(), scene.rows
    person = {"name": "新人", "document_kind": "none", "document_number": ""}
    for who, _, client in clients(scene, *WRITERS):
        mine = scene.own[who]
        me = mine.residents.get()
        home = scene.city.home.organization.pk
        asked = [
            ("residents", {**person, "household": rows["grids_household"].pk}, "household"),
            (f"residents/{me.pk}/move", {"household": rows["grids_household"].pk}, "household"),
            (f"residents/{me.pk}/merge", {"other": rows["twin"].pk}, "other"),
            (f"residents/{me.pk}/not-the-same", {"other": rows["twin"].pk}, "other"),
            ("households", {"dwelling": rows["grids_dwelling"].pk}, "dwelling"),
            (f"households/{mine.pk}/contact", {"member": rows["member"].pk}, "member"),
            ("dwellings", {"building": rows["grids_building"].pk, "floor": 1, "door": "1"}, "building"),
            ("buildings", {"code": "N", "name": "N", "grid": rows["grids_grid"].pk}, "grid"),
            ("compounds", {"name": "N", "grid": rows["grids_grid"].pk}, "grid"),
            ("residents", {**person, "community": home}, "community"),
        ]
        for path, data, field in asked:
            url = f"/api/v1/{path}/"
            real = ask(client, "post", url, data, forget=(data[field],))
            other = ask(client, "post", url, {**data, field: NOBODY}, forget=(NOBODY,))
            findings.look(f"{who} {path} {field}", real, other)
    findings.are_none(30)


# By what is refused


def test_entering_a_number_that_is_registered_elsewhere_goes_as_with_any_other(scene):
    findings = Findings()
    for who, _, client in clients(scene, *WRITERS):
        household = scene.own[who].pk
        for url in (
            "/api/v1/residents/",
            "/desk/registry/grids/resident/add/",
            f"/desk/residents/new/?household={household}",
        ):
            others = (a_number(553), a_number(555))
            pair = [_enter(client, url, household, number) for number in (NUMBER, *others)]
            assert pair[1].unlike(pair[2]) == ""
            assert pair[0].status in (201, 302), (who, url, pair[0].body[-600:])
            findings.look(f"{who} {url}", *pair[:2], asked=pair[0].body)
            assert WORD not in pair[0].body
    findings.are_none(9)


def _enter(client: Client, url: str, household: int, number: str) -> Answer:
    data = {"household": household, "name": "新来的人", "document_kind": "id", "document_number": number}
    data |= {"relation": "other", "residence": "registered", "phone": PHONE}
    newest = Resident.objects.order_by("-pk").values_list("pk", flat=True)[0]
    born, masked = number[6:14], f"{number[:6]}********{number[-4:]}"
    return ask(client, "post", url, data, forget=(newest + 1, masked, born))
