"""Everything that the page of one dispatch shows: what is asked, by when, what was done, what can be done now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse

from desk.access import SIGHT
from desk.dispatches import chip_of, clocks_of, surname_of, to_replace
from grids.scope import covers
from ground.steps import Offer
from organizations.posts import Power
from organizations.scope import scope_of
from requests import powers
from requests.models import Dispatch, DispatchEvent
from requests.readers import READ_AFTERWARDS, reads_dispatch
from requests.states import SEEING, ContactBy, DispatchState
from requests.tables import DISPATCHES
from requests.timeline import Entry, entries_of

#: In the order in which they are done; what judges comes before what takes back.
STEPS = ("sign", "contact", "arrive", "answer", "give_back", "confirm", "reject", "recall")
#: The steps of the handler; the others are the recipient's.
OF_SENDER = frozenset({"send", "confirm", "reject", "recall", "end_with"})


@dataclass(frozen=True, slots=True)
class Mark:
    label: str
    value: int


def dispatch_in_sight(user: Any, pk: int) -> Dispatch:
    """The dispatch, of one's own unit or of a request in sight; Http404."""
    return get_object_or_404(Dispatch.objects.visible_to(user).whole(), pk=pk)


def context_of(user: Any, dispatch: Dispatch, **more: Any) -> dict[str, Any]:
    """The context of `desk/_dispatch.html`; `more` adds the form of a step under way."""
    row, is_ours = dispatch.service_request, powers.answers(user, dispatch)
    sees = _sees_request(user, dispatch, is_ours=is_ours)
    reads = reads_dispatch(dispatch, user)
    history = history_of(dispatch, sees=sees, reads=reads)
    entries = _apart_from(history, entries_of(row, user)) if sees else []
    photos = _asked_with(entries)
    offers = [offer for offer in DISPATCHES.offers(user, dispatch) if offer.step.name in STEPS]
    offers.sort(key=lambda offer: STEPS.index(offer.step.name))
    return {
        "dispatch": dispatch,
        "service_request": row,
        "is_ours": is_ours,
        "sees_request": sees,
        "reads": reads,
        "opens_request": sees and scope_of(user).has(*SIGHT),
        "asker": surname_of(row) if sees else "",
        "phone": _phone_for(dispatch, is_ours=is_ours),
        "chip": chip_of(dispatch),
        "clocks": clocks_of(dispatch),
        "marks": _marks(dispatch) if reads else [],
        "buttons": _buttons(offers, dispatch),
        "not_yet": [(offer.step.label, offer.why_not) for offer in offers if _is_news(offer)],
        "is_to_replace": _is_to_replace(user, dispatch),
        "can_give_back": any(offer.step.name == "give_back" and not offer.why_not for offer in offers),
        "photos": photos,
        "entries": entries,
        "history": history,
        "panel_url": reverse("desk:dispatch", args=[dispatch.pk]),
        "list_url": reverse("desk:received" if is_ours else "desk:dispatches"),
        **more,
    }


def _sees_request(user: Any, dispatch: Dispatch, *, is_ours: bool) -> bool:
    """A recipient until it is given back or taken back (RULES 3); others by their posts."""
    if is_ours and dispatch.state in SEEING:
        return True
    row = dispatch.service_request
    return any(covers(user, power, row) for power in (Power.REQUESTS_SEE, Power.REQUESTS_MASKED))


def _is_to_replace(user: Any, dispatch: Dispatch) -> bool:
    """Whether the user has to find another lead, or to do it himself. A query for returned leads only."""
    if dispatch.state != DispatchState.RETURNED or not dispatch.is_lead or not powers.sends(user, dispatch):
        return False
    return Dispatch.objects.filter(to_replace(), pk=dispatch.pk).exists()


def _phone_for(dispatch: Dispatch, *, is_ours: bool) -> str:
    """The number that the submitter consented to share: from signing to the end, for the recipient."""
    row = dispatch.service_request
    is_in_hand = dispatch.is_live and dispatch.signed_at is not None
    if not (is_ours and is_in_hand and row.shares_phone) or row.has_no_phone:
        return ""
    return row.submitter.phone


def _apart_from(history: list[Entry], entries: list[Entry]) -> list[Entry]:
    """What happened to the request besides: the steps of this dispatch are told once, with their photos."""
    told = {(entry.step, entry.at): entry for entry in history}
    rest = []
    for entry in entries:
        if same := told.get((entry.step, entry.at)):
            same.photos = same.photos or entry.photos
        else:
            rest.append(entry)
    return rest


def _asked_with(entries: list[Entry]) -> list[dict[str, str]]:
    """The photos that came with the request: shown beside its words, not again in the history."""
    for entry in entries:
        if entry.step == "submit":
            photos, entry.photos = entry.photos, []
            return photos
    return []


def _marks(dispatch: Dispatch) -> list[Mark]:
    """反向评价, once it is given."""
    marks = (("及时", dispatch.timely), ("有效", dispatch.effective), ("态度", dispatch.attitude))
    return [Mark(label, value) for label, value in marks if value is not None]


def _is_news(offer: Offer) -> bool:
    """Whether to say what stands in the way: that somebody was there is seen already."""
    return bool(offer.why_not) and offer.step.name != "arrive"


def _buttons(offers: list[Offer], dispatch: Dispatch) -> list[dict[str, Any]]:
    """One primary button; what needs no words is taken with one tap."""
    steps = [offer.step for offer in offers if not offer.why_not]
    first = next((step.name for step in steps if step.tone == "primary"), "")
    return [
        {
            "label": step.label,
            "url": reverse("desk:dispatch_step", args=[dispatch.pk, step.name]),
            "primary": step.name == first,
            "danger": step.tone == "danger",
            "needs_form": step.needs_input,
            "key": step.hot_key,
        }
        for step in steps
    ]


# History


def history_of(dispatch: Dispatch, *, sees: bool, reads: bool) -> list[Entry]:
    """What happened to the dispatch, newest first, for `parts/_timeline.html`. One query."""
    events = dispatch.events.select_related("by", "note").defer("by__phone").order_by("-at", "-id")
    return [_entry(event, dispatch, sees=sees, reads=reads) for event in events]


def _entry(event: DispatchEvent, dispatch: Dispatch, *, sees: bool, reads: bool) -> Entry:
    side = dispatch.service_request.handler.short_name if event.step in OF_SENDER else dispatch.recipient
    said = getattr(event, "note", None)
    shows = reads and (sees or event.step in READ_AFTERWARDS)
    return Entry(
        step=event.step,
        title=_title(event, dispatch),
        at=event.at,
        by=f"{side} {event.by}" if event.by else "系统",
        note=_note(event) if reads else "",
        text=str(said) if said and shows else "",
    )


def _title(event: DispatchEvent, dispatch: Dispatch) -> str:
    if event.step == "send":
        return f"派给{dispatch.recipient}"
    if event.step == "contact":
        return f"{ContactBy(event.codes['how']).label}联系了提出人"
    return DISPATCHES.steps[event.step].done


def _note(event: DispatchEvent) -> str:
    if event.step == "reject":
        return f"第 {event.codes['count']} 次"
    if event.step == "confirm":
        codes = event.codes
        return f"及时 {codes['timely']} · 有效 {codes['effective']} · 态度 {codes['attitude']}"
    return ""
