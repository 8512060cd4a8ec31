"""派单 on the desk: what was sent to us and what we sent, in tabs; what a row and a page of one say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from ground import clock
from ground.fields import surname_only
from organizations.models import Organization
from organizations.posts import Power
from organizations.scope import scope_of
from requests.dispatching import LEAD
from requests.models import Dispatch, Hold, ServiceRequest
from requests.states import OPEN, SEEING, DispatchState, Grade

PAGE = 30  # rows
FILTERS = ("q", "grade", "role", "place")
ROLES = [("lead", "主办"), ("assistant", "协办")]
#: Those whose clock runs: the unit has to act.
RUNNING = (DispatchState.SENT, DispatchState.ACCEPTED)
ENDED = (DispatchState.CONFIRMED, DispatchState.RETURNED, DispatchState.RECALLED)


@dataclass(frozen=True, slots=True)
class Tab:
    """One heap: what it is called, what it says when it is empty, the colour of its count; `counted` if open."""

    key: str
    label: str
    empty: str
    state: str = ""
    counted: bool = True


RECEIVED = (
    Tab("sign", "待签收", "没有等签收的派单。"),
    Tab("hand", "办理中", "手上没有在办的派单。"),
    Tab("today", "今天到期", "今天没有到期的派单。", "soon"),
    Tab("late", "已超时", "没有超时的派单。", "late"),
    Tab("answered", "已回复", "没有等派单方核实的回复。"),
    Tab("ended", "已结束", "还没有结束的派单。", counted=False),
)
SENT = (
    Tab("sign", "待签收", "派出去的都签收了。"),
    Tab("hand", "办理中", "没有对方在办的派单。"),
    Tab("late", "已超时", "没有超时的派单。", "late"),
    Tab("answered", "待核销", "没有等你核销的回复。", "soon"),
    Tab("returned", "被退回", "没有被退回、等另派主办的。", "late"),
    Tab("all", "全部", "还没有派过单。受理以后，在点单上按“派单”。", counted=False),
)


def received(user: Any) -> QuerySet[Dispatch]:
    """What was sent to the units and organizations for which the user answers."""
    return Dispatch.objects.sent_to(user)


def sent(user: Any) -> QuerySet[Dispatch]:
    """What was sent for the requests that are handled where the user dispatches; they follow an escalation."""
    return Dispatch.objects.filter(service_request__handler__in=scope_of(user).seats(Power.DISPATCH))


def answers_anywhere(user: Any) -> bool:
    """Whether anything can be sent to the user: a case officer, or staff of an organization."""
    scope = scope_of(user)
    return scope.has(Power.ANSWER_DISPATCH) or bool(scope.seats(Power.HANDLE))


def awaiting_recipient(user: Any) -> QuerySet[Dispatch]:
    """What the user's unit still has to sign or to answer."""
    return received(user).filter(state__in=RUNNING)


def awaiting_sender(user: Any) -> QuerySet[Dispatch]:
    """What waits for whoever sent it: an answer to confirm, a lead to replace."""
    return sent(user).filter(Q(state=DispatchState.ANSWERED) | to_replace())


def to_replace() -> Q:
    """被退回: the last lead gave it back, and neither another one nor the handler has taken its place."""
    later = Dispatch.objects.filter(
        service_request=OuterRef("service_request"), is_lead=True, pk__gt=OuterRef("pk")
    )
    held = Hold.objects.filter(service_request=OuterRef("service_request"), key=LEAD)
    is_last = Q(state=DispatchState.RETURNED, is_lead=True, service_request__state__in=OPEN)
    return is_last & Exists(held) & ~Exists(later)


def conditions(at: datetime) -> dict[str, Q]:
    """Key of a tab → its rows."""
    midnight = clock.midnight(timezone.localdate(at) + timedelta(days=1))
    running = Q(state__in=RUNNING)
    return {
        "sign": Q(state=DispatchState.SENT),
        "hand": Q(state=DispatchState.ACCEPTED),
        "today": running & Q(due__gte=at, due__lt=midnight),
        "late": running & Q(due__lt=at),
        "answered": Q(state=DispatchState.ANSWERED),
        "returned": to_replace(),
        "ended": Q(state__in=ENDED),
        "all": Q(),
        # What has to be answered before tonight, whatever comes before that.
        "answer_today": running & Q(answer_due__gte=at, answer_due__lt=midnight),
    }


def counts(rows: QuerySet[Dispatch], tabs: Iterable[Tab]) -> dict[str, int]:
    """Tab → how many, of what still stands. One query; what has ended is not counted."""
    wanted, keys = conditions(clock.now()), [tab.key for tab in tabs if tab.counted]
    alive = rows.filter(state__in=(*RUNNING, DispatchState.ANSWERED, DispatchState.RETURNED))
    return alive.order_by().aggregate(
        **{key: Count("pk", filter=wanted[key]) for key in (*keys, "answer_today")}
    )


def in_tab(rows: QuerySet[Dispatch], key: str) -> QuerySet[Dispatch]:
    """The most pressing first; what has ended, the newest first."""
    found = rows.filter(conditions(clock.now())[key])
    if key in ("ended", "all", "returned"):
        return found.order_by("-sent_at", "-pk")
    return found.order_by("answered_at" if key == "answered" else "due", "pk")


def found_by(
    rows: QuerySet[Dispatch], query: Mapping[str, str], *, is_own: bool = False
) -> QuerySet[Dispatch]:
    """The rows that satisfy words and filters of the URL; what makes no sense there is ignored.

    is_own: for a recipient, who cannot search the words of a request that is out of sight again.
    """
    if words := query.get("q", "").replace("\0", "").strip()[:60]:
        said = Q(text__icontains=words)
        for field in ("title", "text", "address", "building__name"):
            said |= Q(**{f"service_request__{field}__icontains": words})
        said = said & Q(state__in=SEEING) if is_own else said | Q(unit__name__icontains=words)
        rows = rows.filter(said | Q(service_request__number__icontains=words))
    if query.get("grade") in Grade.values:
        rows = rows.filter(grade=query["grade"])
    if query.get("role") in dict(ROLES):
        rows = rows.filter(is_lead=query["role"] == "lead")
    if (place := query.get("place", "")).isdecimal() and len(place) < 16:
        rows = rows.filter(service_request__handler=int(place))
    return rows


def senders(user: Any) -> list[tuple[int, str]]:
    """By whom the user was sent anything: the choices of the filter."""
    handlers = received(user).order_by().values("service_request__handler")
    rows = Organization.objects.filter(pk__in=handlers).order_by("lft")
    return [(each.pk, each.short_name or each.name) for each in rows[:60]]


def headline(found: dict[str, int]) -> str:
    """What was sent to us: what matters most, in one line."""
    parts = [f"{found['late']} 件已超时"] if found["late"] else []
    if found["answer_today"]:
        parts.append(f"{found['answer_today']} 件今天要回复")
    elif found["today"]:
        parts.append(f"{found['today']} 件今天到期")
    if parts:
        return "，".join(parts)
    if found["sign"]:
        return f"{found['sign']} 件等你们签收"
    if found["hand"]:
        return f"{found['hand']} 件在办，今天没有到期的"
    return f"都回复了，{found['answered']} 件等对方核实" if found["answered"] else "派来的事都办完了"


def sent_headline(found: dict[str, int]) -> str:
    """What we sent: what waits for us, in one line."""
    parts = []
    if found["answered"]:
        parts.append(f"{found['answered']} 件回复等你核销")
    if found["returned"]:
        parts.append(f"{found['returned']} 件被退回，要另派")
    if found["late"]:
        parts.append(f"{found['late']} 件对方超时")
    if parts:
        return "，".join(parts)
    out = found["sign"] + found["hand"]
    return f"派出 {out} 件，都在期限内" if out else "没有在外的派单"


# Rows


@dataclass(frozen=True, slots=True)
class Clock:
    """One of the four dues of a dispatch: state and words of its chip."""

    label: str
    at: datetime | None
    done_at: datetime | None
    state: str

    @property
    def is_running(self) -> bool:
        return self.state == "running"


@dataclass(frozen=True, slots=True)
class Row:
    dispatch: Dispatch
    chip: dict[str, str]
    clocks: list[Clock]
    where: str
    where_fine: str
    is_open: bool

    @property
    def has_chip(self) -> bool:
        """Whether the dues do not say the state already."""
        return self.dispatch.state not in RUNNING or bool(self.dispatch.rejections)


_CHIPS = {
    DispatchState.SENT: "wait",
    DispatchState.ACCEPTED: "hand",
    DispatchState.ANSWERED: "soon",
    DispatchState.CONFIRMED: "done",
    DispatchState.RETURNED: "late",
    DispatchState.RECALLED: "wait",
}
_STOPPED = (DispatchState.RETURNED, DispatchState.RECALLED)


def chip_of(dispatch: Dispatch) -> dict[str, str]:
    state = DispatchState(dispatch.state)
    label = state.label
    if state == DispatchState.ANSWERED:
        label = "等核实"
    elif state == DispatchState.ACCEPTED and dispatch.rejections:
        label = "退回重办"
    return {"state": _CHIPS[state], "label": label, "icon_name": "stop" if state in _STOPPED else ""}


def clocks_of(dispatch: Dispatch) -> list[Clock]:
    """签收, 联系, 到场, 回复: each with what became of it. Sent back, only the answer is asked for again."""
    again = bool(dispatch.rejections)
    marks = (
        ("签收", dispatch.sign_due, dispatch.signed_at),
        ("联系", None if again else dispatch.contact_due, dispatch.contacted_at),
        ("到场", None if again else dispatch.arrive_due, dispatch.arrived_at),
        ("回复", dispatch.answer_due, dispatch.answered_at),
    )
    is_over = dispatch.state in _STOPPED  # nobody waits for what is missing
    return [
        Clock(label, due, done, _mark(dispatch, due, done))
        for label, due, done in marks
        if done or (due and not is_over)
    ]


def _mark(dispatch: Dispatch, due: datetime | None, done: datetime | None) -> str:
    if done is not None:
        return "late" if due is not None and done > due else "done"
    return "running" if dispatch.state in RUNNING else "none"


def rows_of(dispatches: Iterable[Dispatch], *, is_own: bool = False) -> list[Row]:
    """No query: everything was read with the rows. is_own: a recipient, whose sight may have ended."""
    return [_row(each, is_own=is_own) for each in dispatches]


def _row(dispatch: Dispatch, *, is_own: bool) -> Row:
    row = dispatch.service_request
    return Row(
        dispatch=dispatch,
        chip=chip_of(dispatch),
        clocks=clocks_of(dispatch),
        where=row.grid.name if row.grid else row.handler.short_name,
        where_fine=" · ".join(
            part for part in (row.building.name if row.building else "", row.address) if part
        ),
        is_open=not is_own or dispatch.state in SEEING,
    )


def surname_of(service_request: ServiceRequest) -> str:
    """Of whoever asked; of whom it was filed for where that person has no phone."""
    if service_request.is_proactive:
        return "社区"
    name = service_request.asker_name if service_request.has_no_phone else service_request.submitter.name
    return surname_only(name) if name else "没留姓名"
