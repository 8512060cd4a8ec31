"""派单: the verbs of a dispatch (RULES 3, N11, C8). Every one runs under the lock of its request.

A live dispatch is a hold on the request; one lead and any assistants. A lead who gives it back is replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import transaction

from ground.errors import RuleViolation
from ground.steps import Move
from ground.worktime import Span, due_after
from organizations.models import Organization, Policy, Unit
from organizations.posts import Tier
from organizations.workdays import calendar, one_calendar
from requests import clocks, recipients
from requests import photos as pictures
from requests.models import Dispatch, DispatchNote, Hold, ServiceRequest
from requests.states import LIVE, ContactBy, Grade
from requests.tables import DISPATCHES
from requests.taking import Change, Photos, nothing, take, words_of

#: Stands until somebody else is the lead, or the handler does it himself.
LEAD = "lead"
#: An answer that is sent back is due again after so long, unless the handler names a day.
AGAIN = Span(working_days=3)
#: The third rejection is told to the leader in charge.
TOLD_REJECTION = 3


def hold_key(dispatch: Dispatch) -> str:
    return f"dispatch:{dispatch.pk}"


def dispatch(
    service_request: ServiceRequest,
    *,
    by: Any,
    text: str,
    unit: Unit | None = None,
    organization: Organization | None = None,
    grade: str = Grade.WORK,
    answer_by: date | None = None,
    is_lead: bool = False,
) -> Dispatch:
    """Hand the request to a unit or an organization that must answer by 18:00 of a day.

    answer_by: None is the due of the request, or five working days where that is over. The first one is the
    lead, whatever `is_lead` says; a second lead is refused. Raises RuleViolation, NoPower.
    """
    said = words_of(text, "text", "请写清要对方办什么。")
    sent: list[Dispatch] = []

    def settle(move: Move) -> None:
        thing = move.thing
        _refuse_recipient(thing, unit, organization, grade)
        has_lead = thing.dispatches.live().filter(is_lead=True).exists()
        if is_lead and has_lead:
            raise RuleViolation("已有主办单位，请先收回，或改派为协办。", field="is_lead")
        row = Dispatch(
            service_request=thing, unit=unit, organization=organization, grade=grade, text=said, sent_by=by,
            is_lead=not has_lead, answer_due=_answer_due(thing, answer_by, move.at),
        )  # fmt: skip
        clocks.start_dispatch(row, move.at, Policy.of(thing.district_id), calendar())
        with DISPATCHES.begin("send", by=by, grade=grade) as sending:
            sending.thing = row
        Hold.objects.create(
            service_request=thing, key=hold_key(row), label=f"派单{row.recipient}还没核销"[:80]
        )
        if row.is_lead:
            lead_not_needed(thing)
        move.codes["dispatch"] = row.pk
        sent.append(row)

    take("dispatch", service_request, by=by, change=settle)
    return sent[0]


def _refuse_recipient(
    service_request: ServiceRequest, unit: Unit | None, organization: Organization | None, grade: str
) -> None:
    recipient = unit or organization
    if recipient is None or (unit and organization):
        raise RuleViolation("请选一个单位或一个党组织。", field="unit")
    field = "unit" if unit else "organization"
    if recipient.closed_at is not None:
        raise RuleViolation(f"{recipient}已经撤销，请另选。", field=field)
    is_here = (
        unit.district_id == service_request.district_id
        if unit
        else organization is not None and organization.tree_id == service_request.district.tree_id
    )
    if not is_here:
        raise RuleViolation("只能派给本区的单位或党组织。", field=field)
    if organization is not None and organization.pk == service_request.handler_id:
        raise RuleViolation("不能派给自己，请选“自办”。", field=field)
    if organization is not None and organization.tier > Tier.COMMUNITY:
        raise RuleViolation("请派给街道（镇）或社区（村）的党组织。", field=field)
    if service_request.dispatches.live().filter(unit=unit, organization=organization).exists():
        raise RuleViolation(f"已派给{recipient}，还没有办完。", field=field)
    if why_not := recipients.nobody_answers(recipient):
        raise RuleViolation(why_not, field=field)
    if grade == Grade.HARD and service_request.handler_id == service_request.community_id:
        raise RuleViolation("攻坚哨由街道（镇）以上发出，请先上报，或用工作哨。", field="grade")


def _answer_due(service_request: ServiceRequest, answer_by: date | None, at: datetime) -> datetime:
    if answer_by is None:
        due = service_request.resolve_due
        return due if due is not None and due > at else due_after(at, Span(working_days=5), calendar())
    due = clocks.end_of(answer_by, at, "answer_by")
    if due <= at:
        raise RuleViolation("回复期限不能早于今天下班。", field="answer_by")
    return due


# The recipient


def sign(dispatch: Dispatch, *, by: Any) -> None:
    """签收: it is ours."""

    def settle(move: Move) -> None:
        move.thing.signed_at = move.at

    _take("sign", dispatch, by, change=settle)


def give_back(dispatch: Dispatch, *, by: Any, reason: str) -> None:
    """退回: not ours, with the reason, within one working day. Sight of the request ends."""
    said = words_of(reason, "reason", "请写明为什么不归你们管、该找谁。")

    def settle(move: Move) -> None:
        thing = move.thing
        thing.ended_at = move.at
        _clear(thing)
        if thing.is_lead:
            label = f"主办{thing.recipient}已退回，请另派主办或改为自办"
            Hold.objects.update_or_create(
                service_request=thing.service_request, key=LEAD, defaults={"label": label[:80]}
            )

    _take("give_back", dispatch, by, said, change=settle)


def contact(dispatch: Dispatch, *, by: Any, how: str, text: str = "") -> None:
    """联系: stops the contact clock of the dispatch, and of the request if it is the first one."""
    if how not in ContactBy.values:
        raise RuleViolation("请选择联系的方式。", field="how")

    def settle(move: Move) -> None:
        move.codes["how"] = how
        move.thing.contacted_at = move.thing.contacted_at or move.at

    with transaction.atomic():
        _take("contact", dispatch, by, text.strip(), change=settle)
        if dispatch.service_request.is_open and not dispatch.service_request.is_proactive:
            _contact_for(dispatch, by, how, text.strip())


def _contact_for(dispatch: Dispatch, by: Any, how: str, words: str) -> None:
    def settle(move: Move) -> None:
        move.codes |= {"how": how, "is_first": move.thing.contacted_at is None, "dispatch": dispatch.pk}
        move.thing.contacted_at = move.thing.contacted_at or move.at

    take("contact", dispatch.service_request, by=by, words=words, change=settle)


def arrive(dispatch: Dispatch, *, by: Any) -> None:
    """到场: somebody of the unit is on site."""

    def settle(move: Move) -> None:
        move.thing.arrived_at = move.at

    _take("arrive", dispatch, by, change=settle)


def answer(dispatch: Dispatch, *, by: Any, text: str, photos: Photos = ()) -> None:
    """回复: what was done, for the handler to confirm."""
    said, ready = words_of(text, "text", "请写下怎么办的、结果如何。"), pictures.ready(photos)

    def settle(move: Move) -> None:
        move.thing.answered_at = move.at

    _take("answer", dispatch, by, said, ready, settle)


# The handler


def confirm(
    dispatch: Dispatch, *, by: Any, timely: int, effective: int, attitude: int, text: str = ""
) -> None:
    """核销 with 反向评价: the community judges the answer, 1 to 5 each."""
    marks = {"timely": timely, "effective": effective, "attitude": attitude}
    for name, mark in marks.items():
        if mark not in range(1, 6):
            raise RuleViolation("请选 1 到 5 分。", field=name)

    def settle(move: Move) -> None:
        if move.thing.events.filter(step="answer", by=by).exists():
            raise RuleViolation("你替对方写过回复，请由其他人核销。")
        for name, mark in marks.items():
            setattr(move.thing, name, mark)
        move.codes |= marks
        move.thing.ended_at = move.at
        _clear(move.thing)

    _take("confirm", dispatch, by, text.strip(), change=settle)


def reject(dispatch: Dispatch, *, by: Any, reason: str, answer_by: date | None = None) -> None:
    """退回重办: the unit has it again; the third time the leader in charge is told."""
    said = words_of(reason, "reason", "请写明哪里没有办好。")

    def settle(move: Move) -> None:
        thing = move.thing
        thing.rejections += 1
        thing.answered_at = None
        thing.answer_due = (
            _answer_due(thing.service_request, answer_by, move.at)
            if answer_by
            else due_after(move.at, AGAIN, calendar())
        )
        move.codes["count"] = thing.rejections

    _take("reject", dispatch, by, said, change=settle)


def recall(dispatch: Dispatch, *, by: Any, reason: str) -> None:
    """收回: the handler takes it back; sight of the request ends."""
    said = words_of(reason, "reason", "请写明为什么收回。")
    _take("recall", dispatch, by, said, change=_end)


def end_all(service_request: ServiceRequest) -> None:
    """The request was withdrawn: whatever was dispatched for it is taken back by the platform."""
    for each in service_request.dispatches.filter(state__in=LIVE).order_by("pk"):
        each.service_request = service_request
        _take("end_with", each, None, change=_end)


def _end(move: Move) -> None:
    move.thing.ended_at = move.at
    _clear(move.thing)


def _clear(dispatch: Dispatch) -> None:
    Hold.objects.filter(service_request=dispatch.service_request_id, key=hold_key(dispatch)).delete()


def lead_not_needed(service_request: ServiceRequest) -> None:
    """There is a new lead, or the handler does it himself. The request is locked."""
    Hold.objects.filter(service_request=service_request, key=LEAD).delete()


def _take(
    name: str,
    dispatch: Dispatch,
    by: Any,
    words: str = "",
    ready: Iterable[pictures.Picture] = (),
    change: Change = nothing,
) -> None:
    with transaction.atomic(), one_calendar():
        with DISPATCHES.take(name, dispatch, by=by) as move:
            change(move)
            target = move.source if move.step.target is None else str(move.step.target)
            clocks.set_dispatch_due(move.thing, move.at, calendar(), target)
        if words:
            DispatchNote.objects.create(event=move.event, text=words)
        pictures.attach_to_dispatch(move.event, ready)


class Taken(NamedTuple):
    """What a step left behind: the dispatch, and a sentence for every photo that could not be read."""

    dispatch: Dispatch
    troubles: list[str]


#: The steps that a form can take, by the names of the table.
VERBS: dict[str, Callable[..., None]] = {
    "sign": sign,
    "give_back": give_back,
    "contact": contact,
    "arrive": arrive,
    "answer": answer,
    "confirm": confirm,
    "reject": reject,
    "recall": recall,
}
WITH_PHOTOS = frozenset({"answer"})


def take_step(
    name: str, dispatch: Dispatch, *, by: Any, cleaned_data: Mapping[str, Any], files: Iterable[Any] = ()
) -> Taken:
    """Take the step of that name with what its form of `requests.forms.DISPATCH_FORMS` gave: pages and API alike."""
    arguments, troubles = dict(cleaned_data), []
    if name in WITH_PHOTOS:
        prepared = pictures.prepare(files)
        arguments["photos"], troubles = prepared.pictures, prepared.troubles
    VERBS[name](dispatch, by=by, **arguments)
    return Taken(dispatch, troubles)
