"""台账总览: the figures of an area as tiles and lines, and the lists as cards with how much there is to do."""

from __future__ import annotations

import hashlib
from typing import Any

from django.core.cache import cache
from django.urls import reverse

from grids.lists import LISTS
from grids.lists.area import Area
from grids.lists.figures import Figures, figures_of, grids_by_tier, groups_of, total_of
from grids.lists.lines import lines_of
from grids.lists.listing import Listing, link
from grids.models import Grid
from ground import clock
from ground.templatetags.wenshao import percent
from organizations.posts import Power, Seat, Tier
from organizations.scope import scope_of

#: So long are the figures of a district or city kept: a million people are not counted at every look. Seconds.
KEEP = 120
HEADINGS = ("网格数", "小区", "楼栋", "房屋", "户", "居民", "网格党组织覆盖")


def overview_of(area: Area) -> dict[str, Any]:
    """The context of `grids/overview.html`; of a district or city as it was counted within the last two minutes."""
    if not _is_wide(area):
        return _counted_now(area)
    found = cache.get_or_set(_key(area), lambda: _counted_now(area) | {"counted_at": clock.now()}, KEEP)
    assert found is not None  # noqa: S101 - set in the line above
    return found


def _is_wide(area: Area) -> bool:
    """A street, a community or a few grids are counted at once: their staff see what they have just changed."""
    grants = scope_of(area.user).with_power(Power.TREE_SEE)
    by_tree = all(grant.seat is Seat.CITY or grant.seat is Tier.DISTRICT for grant in grants)
    return by_tree and area.street is None and area.community is None


def _key(area: Area) -> str:
    """Whoever reaches the same sees the same counts; there is nothing else in them."""
    scope = scope_of(area.user)
    seats = sorted(f"{grant.seat}:{grant.organization_id}" for grant in scope.with_power(Power.TREE_SEE))
    chosen = area.district.pk if area.district else ""
    said = f"{seats} {scope.has(Power.REGISTRY_SEE)} {chosen} {clock.today()}"
    return f"overview:{hashlib.sha256(said.encode()).hexdigest()[:32]}"


def _counted_now(area: Area) -> dict[str, Any]:
    total = total_of(area)
    cards = [_card(listing, area) for listing in LISTS if listing.is_seen(area)]
    open_cards = [card for card in cards if card["number"]]
    return {
        "headline": _headline(area, open_cards),
        "tiles": _tiles(area, total),
        "groups": [_group(area, group, number) for group, number in groups_of(area)],
        "cards": sorted(cards, key=lambda card: card["number"] == 0),
        "word": lines_of(area).word,
        "headings": HEADINGS,
        "rows": [
            {"name": line.name, "note": line.note, "url": _inside(area, line), "cells": _cells(figures)}
            for line, figures in figures_of(area)
        ],
        "total": _cells(total),
    }


def _headline(area: Area, cards: list[dict[str, Any]]) -> str:
    return f"{area.name}有 {len(cards)} 件事要补" if cards else f"{area.name}的台账都齐了"


def _card(listing: Listing, area: Area) -> dict[str, Any]:
    number = listing.needs(area)
    return {
        "title": listing.title,
        "icon": listing.icon,
        "question": listing.question,
        "number": number,
        "words": f"{number:,} {listing.needing}" if number else listing.fine,
        "url": link(listing.url, area),
    }


def _inside(area: Area, line: Any) -> str:
    """A line opens the overview of its own place."""
    return link(reverse("grids:overview"), area, **dict(line.narrowing)) if line.narrowing else ""


def _cells(figures: Figures) -> list[str]:
    numbers = (
        figures.grids,
        figures.compounds,
        figures.buildings,
        figures.dwellings,
        figures.households,
        figures.residents,
    )
    return [*(f"{number:,}" for number in numbers), percent(figures.coverage)]


def _tiles(area: Area, total: Figures) -> list[dict[str, Any]]:
    communities = sum(1 for node in area.nodes if node.tier == Tier.COMMUNITY and area.holds_whole(node))
    tiers = grids_by_tier(area)
    by_tier = " · ".join(f"{Grid.Tier(tier).label} {number}" for tier, number in sorted(tiers.items()))
    sees = scope_of(area.user).has(Power.REGISTRY_SEE)
    people = link(reverse("grids:residents"), area) if sees else ""
    url = {listing.slug: link(listing.url, area) for listing in LISTS}
    tiles: list[dict[str, Any]] = [
        {"label": "社区", "figure": f"{communities:,}", "url": url["out-of-range"]},
        {"label": "网格", "figure": f"{total.grids:,}", "text": by_tier, "url": url["posts"]},
        {"label": "小区", "figure": f"{total.compounds:,}", "url": url["three-lacking"]},
        {
            "label": "楼栋",
            "figure": f"{total.buildings:,}",
            "url": reverse("admin:grids_building_changelist"),
        },
        {"label": "房屋", "figure": f"{total.dwellings:,}", "url": url["empty-dwellings"]},
        {"label": "户", "figure": f"{total.households:,}", "url": url["contact-duties"]},
        {"label": "居民", "figure": f"{total.residents:,}", "text": "在册", "url": people or url["homeless"]},
        {
            "label": "网格党组织覆盖",
            "figure": percent(total.coverage),
            "text": _covered(total),
            "url": url["coverage"],
        },
    ]
    return tiles[1:] if area.community is not None else tiles


def _covered(total: Figures) -> str:
    return f"{total.grids} 个网格中 {total.covered_grids} 个" if total.grids else "还没有网格"


def _group(area: Area, group: Any, number: int) -> dict[str, Any]:
    sees = scope_of(area.user).has(Power.REGISTRY_SEE)
    url = link(reverse("grids:residents"), area, group=group.pk) if sees else ""
    return {"name": group.name, "purpose": group.purpose, "number": number, "url": url}
