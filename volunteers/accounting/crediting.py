"""认定: the community writes minutes into the ledger, or says why not; nobody credits himself (RULES 2).

Each verb locks whistle, claim and volunteer in this order; the ledger and its sums change in the same
transaction. What was judged can be corrected or reversed, by an entry more, with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse as address_of

from ground import clock
from ground.errors import RuleViolation
from ground.steps import Move, lock_row
from notifications.outbox import say
from organizations.workdays import calendar
from volunteers.accounting import ledger
from volunteers.leaderboards import news as board_news
from volunteers.models import CheckMark, Claim, LedgerEntry
from volunteers.presence.attendance import presence
from volunteers.states import LIVE, Attested, CheckBy, ClaimState, WhistleKind, WhistleState
from volunteers.tables import CLAIMS

#: Whoever was on a whistle and neither came nor was judged is absent after so long.
ABSENT_AFTER = timedelta(days=3)
#: Reasons are kept in columns of that length.
REASON_LENGTH = 100


# How much


def proposed_minutes(claim: Claim) -> int:
    """Whole minutes that presence and window have in common (RULES 2); for a wish what the unit says, or 0."""
    if claim.whistle.is_wish:
        return claim.proposed_minutes or 0
    overlap = presence(claim)
    return int((overlap[1] - overlap[0]).total_seconds() // 60) if overlap else 0


def wants_reason(claim: Claim, minutes: int) -> str:
    """Why crediting so many minutes needs a reason, as a sentence; "" where it needs none."""
    proposed = proposed_minutes(claim)
    if claim.state == ClaimState.CLAIMED:
        return "没有签到的，认定时请写明凭什么认定到场。"
    if claim.state == ClaimState.CHECKED_IN:
        return "忘记签退的，认定时请写明理由。"
    if claim.whistle.is_wish:
        return "微心愿没有在场时间，请写明时长的依据。"
    return "" if minutes == proposed else f"和在场时间 {proposed} 分钟不一致，请写明理由。"


def _check(claim: Claim, minutes: int, reason: str, why: str) -> None:
    most = ledger.most_minutes(claim)
    if minutes < 1:
        raise RuleViolation("请按实际情况填写认定的分钟数，至少 1 分钟。", field="minutes")
    if minutes > most:
        raise RuleViolation(f"认定时长不能超过服务时间 {most} 分钟。", field="minutes")
    if _may_end_early(claim) and minutes != proposed_minutes(claim):
        raise RuleViolation("服务还没结束。和在场时间不一致的，等结束以后再定。", field="minutes")
    if why and not reason:
        raise RuleViolation(why, field="reason")
    _check_length(reason)


def _may_end_early(claim: Claim) -> bool:
    """How long it really lasts is not known yet; a presence that has ended stays as it is."""
    return not claim.whistle.is_wish and claim.whistle.over_at > clock.now()


def _check_length(reason: str) -> None:
    if len(reason) > REASON_LENGTH:
        raise RuleViolation(f"理由最多 {REASON_LENGTH} 个字。", field="reason")


def _needed(reason: str, sentence: str) -> str:
    """The reason without blanks around it; refused where there is none."""
    reason = reason.strip()
    if not reason:
        raise RuleViolation(sentence, field="reason")
    _check_length(reason)
    return reason


# Judging


def credit(claim: Claim, *, by: Any, minutes: int | None = None, reason: str = "") -> Claim:
    """认定时长: write the minutes into the ledger. Nobody credits himself.

    `minutes` may differ from the proposed ones within the real window, with a reason; so must have one whoever
    forgot to check out, or never checked in and was there nevertheless, and every wish. Raises RuleViolation
    with the field, NoPower.
    """
    reason = reason.strip()
    with CLAIMS.take("credit", claim, by=by) as move:
        proposed = proposed_minutes(move.thing)
        granted = proposed if minutes is None else minutes
        if granted < 1 and minutes is None:
            raise RuleViolation(
                "在场时间和服务时间没有重叠，请按实际情况填写认定分钟数和理由。", field="minutes"
            )
        _check(move.thing, granted, reason, wants_reason(move.thing, granted))
        ledger.enter(move.thing, by=by, minutes=granted, attested=_attested(move.thing), reason=reason)
        move.codes["minutes"] = granted
        move.thing.judged_because = reason
        _tell(move, "服务时长已认定", f"认定 {granted} 分钟，谢谢你的付出。")
    return claim


def _attested(claim: Claim) -> Attested:
    """What the minutes rest on: marks at both ends, the picture of a wish, or the word of the community."""
    if claim.state == ClaimState.CHECKED_IN:
        return Attested.FORGOTTEN
    if claim.state == ClaimState.CLAIMED:
        return Attested.COMMUNITY
    if claim.whistle.is_wish:
        return Attested.PHOTO
    shown = set(CheckMark.objects.filter(claim=claim).order_by().values_list("by", flat=True))
    if shown & {CheckBy.STAFF, CheckBy.PLAIN}:
        return Attested.COMMUNITY
    if CheckBy.CODE in shown:
        return Attested.CODE
    is_located = None not in (claim.check_in_distance_m, claim.check_out_distance_m)
    return Attested.LOCATION if is_located else Attested.COMMUNITY


def refuse(claim: Claim, *, by: Any, reason: str) -> Claim:
    """不予认定, with a reason that the volunteer reads. No minutes are written; it can be corrected later."""
    reason = _needed(reason, "不予认定要写明理由，本人看得到。")
    with CLAIMS.take("refuse", claim, by=by) as move:
        move.thing.judged_because = reason
        # Fewer refusals come first where scores are equal (RULES 7): boards have to hear of it.
        _note(move.thing)
        _tell(move, "服务没有认定", f"理由：{reason}。有不同意见，请联系社区。")
    return claim


def absent(claim: Claim, *, by: Any, reason: str = "") -> Claim:
    """记缺席: whoever did not come. By the community once it is over, or by the clock (`by=None`) days later."""
    reason = reason.strip()
    _check_length(reason)
    with CLAIMS.take("absent", claim, by=by) as move:
        move.thing.judged_because = reason
        if move.thing.whistle.is_wish:
            _tell(move, "心愿没有完成", "到期没有收到完成照片。实际完成了的，请联系社区更正。")
        else:
            _tell(move, "记为缺席", "没有看到你的签到。实际到场的，请联系社区更正。")
    return claim


def correct(claim: Claim, *, by: Any, minutes: int, reason: str, seen: int | None = None) -> Claim:
    """更正: what was credited, refused or called absent comes to `minutes`, by an entry of the difference.

    `seen` is how many entries the claim had when the form was drawn: sent twice, or by two people, it is taken
    once. With the same minutes it is an entry only where the part outside working hours has changed: the calendar
    of the year came late. Raises RuleViolation with the field, NoPower.
    """
    reason = _needed(reason, "更正要写明理由。")
    with CLAIMS.take("correct", claim, by=by) as move:
        row = move.thing
        _refuse_outdated(row, seen)
        _check(row, minutes, reason, "")
        if move.source == ClaimState.CREDITED:
            _refuse_no_change(row, minutes)
        else:
            _refuse_twice_at_work(row)
        ledger.enter(row, by=by, minutes=minutes, attested=_attested_once_more(row), reason=reason)
        move.codes["minutes"] = minutes
        row.judged_because = reason
        _tell(move, "服务时长已更正", f"更正为 {minutes} 分钟，理由：{reason}。")
    return claim


def _refuse_outdated(claim: Claim, seen: int | None) -> None:
    if seen is not None and LedgerEntry.objects.filter(claim=claim).count() != seen:
        raise RuleViolation("这一单刚才已经更正或冲销过了。请刷新看看现在的时长，再决定要不要改。")


def _refuse_no_change(claim: Claim, minutes: int) -> None:
    entries = list(LedgerEntry.objects.filter(claim=claim))
    now = (sum(each.minutes for each in entries), sum(each.off_hours_minutes for each in entries))
    if now == (minutes, ledger.off_hours_of(claim, minutes, calendar())):
        raise RuleViolation(f"现在认定的就是 {minutes} 分钟，不用更正。", field="minutes")


def _refuse_twice_at_work(claim: Claim) -> None:
    """A claim that comes alive again finds its place and its time still free.

    The volunteer is locked before: nobody brings another claim of his back to life meanwhile.
    """
    lock_row(claim.volunteer)
    whistle = claim.whistle
    others = Claim.objects.filter(state__in=LIVE).exclude(pk=claim.pk)
    if others.filter(whistle=whistle).count() >= whistle.places_max:
        raise RuleViolation("这张哨单的名额已由别人补上，不能再更正为认定。")
    own = others.filter(volunteer=claim.volunteer).select_related("whistle")
    if not whistle.is_wish:
        same_time = Q(whistle__starts_at__lt=whistle.over_at, whistle__ends_at__gt=whistle.starts_at)
        own = own.filter(same_time & ~Q(whistle__kind=WhistleKind.WISH) | Q(whistle=whistle))
    else:
        own = own.filter(whistle=whistle)
    if other := own.first():
        raise RuleViolation(f"这段时间他在“{other.whistle}”，不能两处都认定。先核对那一单。")


def _attested_once_more(claim: Claim) -> str:
    """What the first entry rested on; a claim that had none rests on the word of the community."""
    first = LedgerEntry.objects.filter(claim=claim).order_by("id").first()
    return first.attested if first else Attested.COMMUNITY


def reverse(claim: Claim, *, by: Any, reason: str, seen: int | None = None) -> Claim:
    """冲销: what was credited is taken back by an entry, with a reason; the claim is refused. `seen` as above."""
    reason = _needed(reason, "冲销要写明理由，本人看得到。")
    with CLAIMS.take("reverse", claim, by=by) as move:
        _refuse_outdated(move.thing, seen)
        attested = _attested_once_more(move.thing)
        ledger.enter(move.thing, by=by, minutes=0, attested=attested, reason=reason)
        move.thing.judged_because = reason
        _tell(move, "服务时长已冲销", f"理由：{reason}。有不同意见，请联系社区。")
    return claim


def propose(claim: Claim, *, by: Any, minutes: int, reason: str) -> Claim:
    """建议时长: the liaison of the volunteer's unit says what he knows; the community decides (RULES 5)."""
    reason = _needed(reason, "请写明依据，社区认定时会看到。")
    with CLAIMS.take("propose", claim, by=by) as move:
        _check(move.thing, minutes, reason, "")
        move.thing.proposed_minutes, move.thing.proposed_because = minutes, reason
        move.codes["minutes"] = minutes
    return claim


# Many at once


def credit_many(claims: Iterable[Claim], *, by: Any) -> tuple[list[Claim], list[tuple[Claim, str]]]:
    """Credit each with its proposed minutes; what is refused comes back with its sentence."""
    done, refused = [], []
    for each in claims:
        try:
            done.append(credit(each, by=by))
        except RuleViolation as violation:
            refused.append((each, violation.sentence))
    return done, refused


def call_absent_due() -> int:
    """Whoever took a place and did not come, and whom nobody has judged for three days; gives how many.

    Idempotent, one transaction each; catches up after an outage.
    """
    long_over = clock.now() - ABSENT_AFTER
    due = Claim.objects.filter(
        state=ClaimState.CLAIMED, whistle__state=WhistleState.DONE, whistle__ends_at__lte=long_over
    )
    taken = 0
    for each in due.select_related("whistle", "volunteer__user").order_by("pk"):
        try:
            absent(each, by=None)
        except RuleViolation:  # somebody judged it meanwhile
            continue
        taken += 1
    return taken


# Telling


def _tell(move: Move, title: str, text: str) -> None:
    claim = move.thing
    say(
        to=claim.volunteer.user,
        key=f"claim:{claim.pk}:{move.step.name}:{_stamp(move.at)}",
        title=f"{title}：{claim.whistle.title}",
        text=text,
        url=address_of("volunteers:claim", args=[claim.pk]),
        # What it was worth is another matter than the call: it does not wait until the hour of the call is over.
        about=f"claim:{claim.pk}",
    )


def _stamp(at: datetime) -> str:
    return f"{at:%Y%m%d%H%M%S%f}"


def _note(claim: Claim) -> None:
    whistle = claim.whistle
    board_news.note(
        district_id=whistle.district_id,
        community_id=whistle.community_id,
        served_at=ledger.served_at(claim),
    )
