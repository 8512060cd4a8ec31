"""Writes lives that were played: numbers by the series of their days, then every table in one statement or a few.

Nobody is told of anything: what is written here is over, or waits for whoever looks at his list.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any, Protocol

from django.core.files.base import ContentFile
from django.db import models

from desk.demo.history import playing, serving
from desk.demo.history.lives import Calling, Deed, Life, Sending
from desk.demo.history.playing import Played, Rules
from desk.demo.history.serving import Held
from desk.demo.pictures import picture
from ground.clock import day_of
from organizations.models import Organization
from requests import dispatching
from requests.models import (
    Consent,
    Dispatch,
    DispatchEvent,
    DispatchNote,
    Hold,
    Note,
    NumberSeries,
    Photo,
    Rating,
    RequestEvent,
    ServiceRequest,
)
from requests.states import LIVE
from volunteers.accounting import ledger
from volunteers.models import (
    BoardNews,
    CheckMark,
    Claim,
    ClaimEvent,
    LedgerEntry,
    ServiceBalance,
    Whistle,
    WhistleEvent,
)
from volunteers.whistling import whistles

#: So many rows go into one statement.
BATCH = 500


class Into(Protocol):
    """Where rows go."""

    def create(self, model: type[models.Model], rows: list[Any]) -> None:
        """Insert unsaved rows; afterwards they have their ids."""


class Statements:
    """Into the tables by INSERT, some hundred rows a statement."""

    def create(self, model: type[models.Model], rows: list[Any]) -> None:
        model._default_manager.bulk_create(rows, batch_size=BATCH)


def write(
    lives: Iterable[Life], callings: Iterable[Calling], rules: Rules, into: Into | None = None
) -> tuple[int, int]:
    """Play and write lives, and whistles that nobody asked for. Returns how many requests and whistles there are.

    Those that were merged come after the one they were merged into. Raises Impossible.
    """
    into = into or Statements()
    families = sorted(lives, key=lambda life: life.begins)
    whole = [each for life in families for each in (life, *life.merged)]
    played = [playing.play(life, rules) for life in whole]
    called = [*callings, *(life.calling for life in whole if life.calling is not None)]
    held = [serving.hold(calling, rules) for calling in sorted(called, key=lambda each: each.deeds[0].at)]
    _write_requests(played, rules.district, into)
    _write_whistles(held, rules.district, into)
    _write_events(played, held, into)
    return len(played), len(held)


# Numbers


def _number(rows: list[Any], moment: str, district: Organization, mark: str, digits: int) -> None:
    """The next numbers of the series of each day, in the order of the rows."""
    by_day: dict[date, list[Any]] = defaultdict(list)
    for row in rows:
        by_day[day_of(getattr(row, moment))].append(row)
    prefixes = {f"{district.letters or 'WS'}{mark}{day:%Y%m%d}": of_day for day, of_day in by_day.items()}
    known = {each.prefix: each for each in NumberSeries.objects.filter(prefix__in=prefixes)}
    series = [known.get(prefix) or NumberSeries(prefix=prefix) for prefix in prefixes]
    for each in series:
        for row in prefixes[each.prefix]:
            each.last += 1
            row.number = f"{each.prefix}-{each.last:0{digits}d}"
    NumberSeries.objects.bulk_create(
        series, update_conflicts=True, unique_fields=["prefix"], update_fields=["last"], batch_size=BATCH
    )


# Rows


def _write_requests(played: list[Played], district: Organization, into: Into) -> None:
    rows = sorted((each.row for each in played), key=lambda row: row.merged_into is not None)
    _number(sorted(rows, key=lambda row: row.submitted_at), "submitted_at", district, "", 4)
    alone = [row for row in rows if row.merged_into is None]
    into.create(ServiceRequest, alone)
    into.create(ServiceRequest, _known_again(rows[len(alone) :], "merged_into"))
    for each in played:
        _known_again([*each.dispatches, *each.consents, *filter(None, [each.rating])], "service_request")
    dispatches = [sent for each in played for sent in each.dispatches]
    into.create(Dispatch, dispatches)
    into.create(Consent, [consent for each in played for consent in each.consents])
    into.create(Rating, [each.rating for each in played if each.rating is not None])
    into.create(Hold, [hold for each in played for hold in _holds(each)])


def _known_again(rows: list[Any], *names: str) -> list[Any]:
    """A row that was pointed to before it had an id is pointed to by its id now."""
    for row in rows:
        for name in names:
            setattr(row, name, getattr(row, name))
    return rows


def _holds(played: Played) -> Iterable[Hold]:
    """What stands in the way of resolving: dispatches that live, and a lead that was given back."""
    for sent in played.dispatches:
        if sent.state in LIVE:
            label = f"派单{sent.recipient}还没核销"
            yield Hold(service_request=played.row, key=dispatching.hold_key(sent), label=label[:80])


def _write_whistles(held: list[Held], district: Organization, into: Into) -> None:
    rows = [each.row for each in held]
    _number(rows, "created_at", district, whistles.MARK, 3)
    into.create(Whistle, _known_again(rows, "service_request"))
    claims = [claim for each in held for claim in each.claims]
    into.create(Claim, _known_again(claims, "whistle"))
    into.create(CheckMark, _known_again([mark for each in held for mark in each.marks], "claim"))
    entries = [entry for each in held for entry in each.entries]
    into.create(LedgerEntry, _known_again(entries, "claim", "whistle"))
    told = {(row.district_id, row.community_id, day_of(row.served_at)) for row in entries}
    into.create(
        BoardNews, [BoardNews(district_id=d, community_id=c, served_on=day) for d, c, day in sorted(told)]
    )


# Events, words and pictures


def _write_events(played: list[Played], held: list[Held], into: Into) -> None:
    requests = _in_order(pair for each in played for pair in each.events)
    dispatches = _in_order(pair for each in played for pair in each.sent)
    into.create(RequestEvent, _events(requests))
    into.create(DispatchEvent, _events(dispatches))
    into.create(WhistleEvent, _events(_in_order(pair for each in held for pair in each.events)))
    into.create(ClaimEvent, _events(_in_order(pair for each in held for pair in each.claimed)))
    into.create(
        Note,
        [
            Note(event=event, text=deed.words, is_internal=deed.is_internal)
            for event, deed in requests
            if deed.words
        ],
    )
    into.create(
        DispatchNote, [DispatchNote(event=event, text=deed.words) for event, deed in dispatches if deed.words]
    )
    into.create(Photo, [_photo(event, deed.scene) for event, deed in requests if deed.scene])


def _in_order(pairs: Iterable[tuple[Any, Deed]]) -> list[tuple[Any, Deed]]:
    """As they happened; what happened at the same moment as it was told."""
    return sorted(pairs, key=lambda pair: pair[0].at)


def _events(pairs: list[tuple[Any, Deed]]) -> list[Any]:
    for event, _ in pairs:
        event.codes = {name: _said(value) for name, value in event.codes.items()}
    return _known_again([event for event, _ in pairs], "subject")


def _said(value: Any) -> Any:
    """Lives stand for the ids of their rows, now that they have some."""
    return value.row.pk if isinstance(value, Life | Sending | Calling) else value


def _photo(event: RequestEvent, scene: str) -> Photo:
    """A small picture, as an old telephone takes it: there are many."""
    taken = picture(scene, mended=event.step == "resolve").thumbnail
    photo = Photo(service_request=event.subject, event=event, width=320, height=240)
    photo.image.save("", ContentFile(taken), save=False)
    photo.thumbnail.save("", ContentFile(taken), save=False)
    return photo


# Sums


def add_up(volunteers: Iterable[int]) -> int:
    """The balances of these volunteers, from all their entries; as `ledger.add_up` writes one. Returns how many."""
    found: dict[tuple[int, date], ServiceBalance] = {}
    rows: Any = LedgerEntry.objects.filter(volunteer__in=list(volunteers)).order_by()
    by_claim = rows.values("volunteer", "claim", "served_at").annotate(
        n=models.Sum("minutes"), n_off=models.Sum("off_hours_minutes")
    )
    for row in by_claim:
        key = row["volunteer"], ledger.quarter_of(row["served_at"])
        balance = found.setdefault(key, _nothing(*key))
        balance.minutes += row["n"]
        balance.off_hours_minutes += row["n_off"]
        balance.times += row["n"] > 0
        balance.off_hours_times += row["n_off"] > 0
    columns = ["minutes", "off_hours_minutes", "times", "off_hours_times"]
    ServiceBalance.objects.bulk_create(
        found.values(), update_conflicts=True, unique_fields=["volunteer", "quarter"], update_fields=columns,
        batch_size=BATCH,
    )  # fmt: skip
    return len(found)


def _nothing(volunteer: int, quarter: date) -> ServiceBalance:
    return ServiceBalance(
        volunteer_id=volunteer, quarter=quarter, minutes=0, off_hours_minutes=0, times=0, off_hours_times=0
    )
