"""回执 of what staff filed for somebody: what is printed, and looking it up by number and code without an account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

import segno
from django.core.cache import cache
from django.utils.crypto import constant_time_compare
from django.utils.safestring import mark_safe

from grids.scope import covers
from ground import clock
from ground.caching import Away
from ground.errors import RuleViolation
from ground.fields import blind_index
from organizations.posts import Power
from requests import contacts, presenting, timeline
from requests.models import ServiceRequest
from requests.workflow import QUERY_DIGITS

#: One sentence whatever was wrong: nobody learns which numbers there are.
WRONG = "编号和查询码对不上，请照回执核对，或打电话问社区。"
OFTEN = "查得太频繁，请过一会儿再查，或打电话问社区。"
#: What a guess is compared with where there is no such number.
_NONE = "-" * QUERY_DIGITS


class Limit(NamedTuple):
    """At most `at_most` tries in each window; windows follow each other without a gap."""

    at_most: int
    window: timedelta


#: With six digits, guessing one code takes a lifetime. A village may share one address.
PER_NUMBER = (Limit(10, timedelta(hours=1)), Limit(30, timedelta(days=1)))
PER_ADDRESS = (Limit(40, timedelta(hours=1)), Limit(200, timedelta(days=1)))


def may_print(user: Any, service_request: ServiceRequest) -> bool:
    """Those who handle requests at that place, for what was filed for somebody else."""
    return bool(service_request.query_code) and covers(user, Power.HANDLE, service_request)


def receipt_of(service_request: ServiceRequest, address: str) -> dict[str, Any]:
    """What is printed. The paper may be lost: it names neither the person nor the place. `address` is in the QR."""
    svg = segno.make(address, error="m").svg_inline(border=2, omitsize=True, svgclass="qr")
    return {
        "service_request": service_request,
        "qr": mark_safe(svg),
        "address": address.partition("?")[0],
        "promise": presenting.promise_of(service_request),
        "community": service_request.community or service_request.handler,
        "phone": contacts.front_desk_of(service_request),
    }


def look_up(*, number: str, code: str, address: str) -> ServiceRequest:
    """The request of that number, if the code is its own. Every try counts, the right ones too.

    Raises RuleViolation, with one sentence for all wrong pairs and after the same work.
    """
    _count("number", number, PER_NUMBER)
    _count("address", address, PER_ADDRESS)
    rows = ServiceRequest.objects.filter(number=number).exclude(query_code="")
    kept = rows.values_list("query_code", flat=True).first()
    if not constant_time_compare(kept or _NONE, code) or kept is None:
        raise RuleViolation(WRONG, field="code")
    shown = (
        "category",
        "handler",
        "community",
        "street",
        "district",
        "supervised_by",
        "merged_into__handler",
    )
    return rows.select_related(*shown, "responsible").get()


def _count(what: str, value: str, limits: tuple[Limit, ...]) -> None:
    """One more try; raises RuleViolation beyond a limit. The keys hold no address and no number in clear."""
    name = blind_index(value, f"query {what}")
    for limit in limits:
        seconds = int(limit.window.total_seconds())
        key = f"query:{what}:{name}:{seconds}:{int(clock.now().timestamp()) // seconds}"
        cache.add(key, 0, timeout=seconds)
        try:
            tries = cache.incr(key)
        except Away:  # nobody counts now: nobody guesses either
            raise RuleViolation("现在查询不了，请过几分钟再试，或致电社区。", field="code") from None
        except ValueError:  # it ran out between the two
            tries = 1
        if tries > limit.at_most:
            raise RuleViolation(OFTEN, field="code")


def shown_of(service_request: ServiceRequest) -> dict[str, Any]:
    """What anybody with number and code may read: no names, no words, no photos, no place."""
    return {
        "service_request": service_request,
        "chip": presenting.chip_of(service_request),
        "marks": presenting.marks_of(service_request),
        "steps": presenting.step_bar(service_request),
        "promise": presenting.promise_of(service_request),
        "final": presenting.final_promise(service_request),
        "paused_until": presenting.pause_of(service_request),
        "main_matter": presenting.main_matter(service_request),
        "phone": contacts.front_desk_of(service_request),
        "events": timeline.headlines_of(service_request),
    }
