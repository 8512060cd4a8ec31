"""谢意: what those who were served say of a whistle, once each: a like, stars, words (RULES 7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from ground import clock
from ground.errors import NoPower, RuleViolation
from ground.personal import without_numbers
from ground.steps import lock_row
from notifications.models import Outgoing
from notifications.outbox import say
from organizations import policies
from organizations.models import Policy
from requests.models import ServiceRequest, asked_by
from volunteers.models import Claim, Thanks, Whistle
from volunteers.powers import can_thank
from volunteers.states import SERVED, ClaimState, WhistleState

#: How long a scan of the code on the spot opens the page of thanks, and how long after the end one may thank.
SCAN_COUNTS, OPEN_FOR = timedelta(hours=12), timedelta(days=30)
MOST_WORDS = 100
#: Claims whose service is over: whoever asked may thank now.
_DONE = (ClaimState.CHECKED_OUT, ClaimState.CREDITED)
#: Claims of people who never came, or gave their place up: they may have been served like anybody.
_GONE = (ClaimState.WITHDRAWN, ClaimState.RELEASED)


def scanned_of(session: Mapping[str, Any]) -> set[int]:
    """Whistles whose code was scanned in this session (`onsite.remember_scan`) less than twelve hours ago."""
    oldest = clock.now().timestamp() - SCAN_COUNTS.total_seconds()
    found = session.get("scanned_whistles", {})
    return {int(pk) for pk, at in found.items() if at >= oldest}


def served(user: Any, scanned: Iterable[int] = ()) -> QuerySet[Whistle]:
    """The whistles that somebody may thank for, or has thanked for: those of his own requests after the work, those
    whose code he scanned on the spot. Never those that he claimed himself."""
    if not user.is_authenticated:
        return Whistle.objects.none()
    done = Claim.objects.filter(whistle=OuterRef("pk"), state__in=_DONE).order_by()
    own = (
        Claim.objects.filter(whistle=OuterRef("pk"), volunteer__user=user).exclude(state__in=_GONE).order_by()
    )
    begun = Q(state__in=(WhistleState.RUNNING, WhistleState.DONE)) | Q(
        state=WhistleState.OPEN, starts_at__lte=clock.now()
    )
    asked = Q(Exists(done)) & asked_by(user, "service_request__")
    fresh = Q(ends_at__gte=clock.now() - OPEN_FOR) & (asked | (begun & Q(pk__in=list(scanned))))
    said = Exists(Thanks.objects.filter(whistle=OuterRef("pk"), by=user))
    return Whistle.objects.filter(fresh | Q(said), ~Exists(own))


def said_by(user: Any, whistle: Whistle) -> Thanks | None:
    return Thanks.objects.filter(whistle=whistle, by=user).first()


def takes_stars(whistle: Whistle) -> bool:
    """Not where the request itself is rated: the same service is not rated twice (RULES 1)."""
    return whistle.service_request_id is None


def likes_are_shown(user: Any, whistle: Whistle) -> bool:
    """Whether the district counts and shows likes; kept for the HTTP request."""
    return policies.at_hand(user, whistle.district_id).likes_shown


def thank(
    whistle: Whistle,
    *,
    by: Any,
    is_like: bool = False,
    stars: int | None = None,
    words: str = "",
    scanned: Iterable[int] = (),
) -> Thanks:
    """Say thanks, once: said again, the first one stands. `stars` 1–5; `scanned`: what the session says.

    Likes count for nothing where the policy shows none, stars where the request itself is rated. Numbers of people
    are taken out of the words. The volunteers are told once. Raises NoPower, RuleViolation. Locks the whistle.
    """
    with transaction.atomic():
        lock_row(whistle)
        if first := said_by(by, whistle):
            return first
        if not served(by, scanned).filter(pk=whistle.pk).exists():
            raise NoPower("只有得到服务的居民可以说谢谢。")
        if not can_thank(by, whistle):
            raise NoPower("你是这张哨单的工作人员，不能给它评价。")
        thanks = Thanks(
            whistle=whistle,
            by=by,
            is_like=is_like and Policy.of(whistle.district_id).likes_shown,
            stars=stars if takes_stars(whistle) else None,
            words=_decent(words),
            at=clock.now(),
        )
        _refuse_nothing(thanks)
        thanks.save()
        _tell(whistle)
    return thanks


def _decent(words: str) -> str:
    words = " ".join(words.split())
    if len(words) > MOST_WORDS:
        raise RuleViolation(f"最多 {MOST_WORDS} 个字。", field="words")
    return without_numbers(words, "（号码）")[:MOST_WORDS]


def _refuse_nothing(thanks: Thanks) -> None:
    if thanks.stars is not None and not 1 <= thanks.stars <= 5:
        raise RuleViolation("请点一到五颗星。", field="stars")
    if not thanks.is_like and thanks.stars is None and not thanks.words:
        raise RuleViolation("还没有写。点一下或写一句话再送出。", field="words")


def _tell(whistle: Whistle) -> None:
    """Everybody who served is told once, however many say thanks; the whistle is locked, so that nobody says it
    beside us."""
    key = f"whistle:{whistle.pk}:thanks"
    came = (
        Claim.objects.filter(whistle=whistle, state__in=SERVED)
        .select_related("volunteer__user")
        .order_by("id")
    )
    told = Outgoing.objects.filter(key__in=[f"{key}:{claim.volunteer.user_id}" for claim in came])
    known = set(told.values_list("to", flat=True))
    for claim in came:
        if claim.volunteer.user_id in known:
            continue
        say(
            to=claim.volunteer.user,
            key=key,
            title=f"有人谢谢你：{whistle.title}",
            text="得到服务的居民留了话，打开看看。",
            url=reverse("volunteers:claim", args=[claim.pk]),
            about=f"whistle:{whistle.pk}",
        )


def to_thank_for(service_request: ServiceRequest, user: Any) -> Whistle | None:
    """The latest whistle of a request, or of its parts, for which whoever asked has not said thanks. One query."""
    rows = served(user).filter(Q(service_request=service_request) | Q(service_request__whole=service_request))
    silent = ~Exists(Thanks.objects.filter(whistle=OuterRef("pk"), by=user))
    return rows.filter(silent).order_by("-starts_at", "-id").first()
