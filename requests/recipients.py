"""Choosing whom to dispatch to: what a search offers, what a choice means ("u:12" a unit, "o:3" an organization)."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When

from organizations.models import Appointment, Organization, Unit
from organizations.posts import Power, Seat, Tier
from requests import powers
from requests.models import Dispatch, ServiceRequest

MOST_FOUND, MOST_NEAR, MOST_RECENT = 12, 8, 5
#: How far back the last recipients are looked for.
LOOKED_AT = 40


class Recipient(NamedTuple):
    """One radio button: value, what it is called, what that is, and why it cannot be chosen ("")."""

    value: str
    label: str
    where: str
    trouble: str = ""


def search(service_request: ServiceRequest, words: str) -> list[Recipient]:
    """Units and organizations of the district whose names hold every word; the community's own first. Two queries."""
    parts = words.replace("\0", " ").split()[:4]
    if not parts:
        return []
    units, nodes = Q(), Q()
    for part in parts:
        units &= Q(name__icontains=part)
        nodes &= Q(short_name__icontains=part) | Q(name__icontains=part)
    found = _units(service_request).filter(units).order_by(*_nearest(service_request), "name", "pk")
    places = _nodes(service_request).filter(nodes).order_by("lft")[:MOST_FOUND]
    offers = [*map(_of_unit, found[:MOST_FOUND]), *map(_of_node, places)]
    return offers[:MOST_FOUND]


def suggested(service_request: ServiceRequest) -> list[Recipient]:
    """Whom this place sent to last, then its own units and the departments of the district. Four queries."""
    offers = {each.value: each for each in _recent(service_request)}
    around = Q(street=service_request.street_id) | Q(street=None)
    near = _units(service_request).filter(
        Q(community=service_request.community_id) | Q(around, kind=Unit.Kind.DEPARTMENT, community=None)
    )
    for unit in near.filter(is_answered=True).order_by(*_nearest(service_request), "name", "pk")[:MOST_NEAR]:
        offers.setdefault(f"u:{unit.pk}", _of_unit(unit))
    return list(offers.values())


def _recent(service_request: ServiceRequest) -> list[Recipient]:
    sent = Dispatch.objects.filter(service_request__community=service_request.community_id)
    pairs = list(sent.order_by("-sent_at", "-pk").values_list("unit", "organization")[:LOOKED_AT])
    last = list(dict.fromkeys(pairs))[:MOST_RECENT]
    units = _units(service_request).in_bulk([unit for unit, _ in last if unit])
    nodes = _nodes(service_request).in_bulk([node for _, node in last if node])
    offers = []
    for unit_id, node_id in last:
        if unit_id in units:
            offers.append(_of_unit(units[unit_id]))
        elif node_id in nodes:
            offers.append(_of_node(nodes[node_id]))
    return offers


def chosen(service_request: ServiceRequest, value: str) -> Unit | Organization | None:
    """What a choice stands for in the district of the request; None for anything that is not one."""
    kind, _, key = value.partition(":")
    if not (key.isascii() and key.isdecimal() and len(key) < 19):
        return None
    if kind == "u":
        return _units(service_request).filter(pk=int(key)).first()
    return _nodes(service_request).filter(pk=int(key)).first() if kind == "o" else None


def recipient_of(place: Unit | Organization) -> Recipient:
    """The radio button of what `chosen` gave."""
    return _of_unit(place) if isinstance(place, Unit) else _of_node(place)


def nobody_answers(place: Unit | Organization) -> str:
    """A dispatch to nobody lies there unread: the sentence that says so, or ""."""
    if isinstance(place, Unit):
        return "该单位还没有承办人，请先请区里任命。" if not powers.officers_at(unit=place).exists() else ""
    is_staffed = powers.officers_at(organization=place).exists()
    return "" if is_staffed else f"{place.short_name}还没有工作人员，请先请上级任命。"


def _units(service_request: ServiceRequest) -> QuerySet[Any]:
    """With `is_answered`: whether anybody there would read it."""
    officers = Appointment.objects.in_force().filter(
        unit=OuterRef("pk"),
        post__in=powers.posts_with(Power.ANSWER_DISPATCH, Seat.UNIT),
        user__is_active=True,
    )
    rows = Unit.objects.filter(district=service_request.district_id, closed_at=None)
    return rows.select_related("community", "street").annotate(is_answered=Exists(officers))


def _nearest(service_request: ServiceRequest) -> tuple[Any, ...]:
    """Those that can answer, then those of the community, of the street, of the whole district."""
    nearness = Case(
        When(community=service_request.community_id, then=Value(0)),
        When(street=service_request.street_id, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return "-is_answered", nearness


def _nodes(service_request: ServiceRequest) -> QuerySet[Organization]:
    nodes = Organization.objects.open().filter(tree_id=service_request.district.tree_id)
    nodes = nodes.filter(tier__in=(Tier.STREET, Tier.COMMUNITY))
    return nodes.exclude(pk=service_request.handler_id).select_related("parent")


def _of_unit(unit: Any) -> Recipient:
    node = unit.community or unit.street
    where = f"{unit.get_kind_display()}{f' · {node.short_name}' if node else ''}"
    return Recipient(f"u:{unit.pk}", unit.name, where, "" if unit.is_answered else "还没有承办人")


def _of_node(node: Organization) -> Recipient:
    above = f" · {node.parent.short_name}" if node.parent else ""
    return Recipient(f"o:{node.pk}", node.short_name or node.name, f"党组织{above}")
