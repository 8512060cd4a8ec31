"""请补充: one question to the submitter, during which the resolve clock stands still (RULES 1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ground.steps import Move
from organizations.models import Policy
from organizations.workdays import calendar
from requests import clocks
from requests import photos as pictures
from requests.models import ServiceRequest
from requests.taking import Photos, take, words_of


def ask(service_request: ServiceRequest, *, by: Any, text: str) -> None:
    """Ask one question; the submitter has the days of the policy, then it goes on without an answer."""
    said = words_of(text, "text", "请写清要提出人补充什么。")

    def settle(move: Move) -> None:
        days = Policy.of(move.thing.district_id).ask_days
        move.thing.asked_from, move.thing.has_asked = move.source, True
        move.thing.asked_at, move.thing.asked_until = move.at, move.at + timedelta(days=days)

    take("ask", service_request, by=by, words=said, change=settle)


def answer(service_request: ServiceRequest, *, by: Any, text: str, photos: Photos = ()) -> None:
    """The submitter's answer: back to where it came from, the clock goes on."""
    said, ready = words_of(text, "text", "请写下回答。"), pictures.ready(photos)
    take("answer", service_request, by=by, words=said, ready=ready, change=_go_on)


def time_out(service_request: ServiceRequest) -> None:
    """The clock's step: the pause ends when the days were over, however late the platform gets round to it."""
    take("timeout", service_request, by=None, change=_go_on)


def _go_on(move: Move) -> None:
    thing = move.thing
    clocks.resume(thing, min(move.at, thing.asked_until), calendar())
    thing.state = thing.asked_from
    thing.asked_from, thing.asked_at, thing.asked_until = "", None, None
