"""What a summary counts, in keyset pages: no transaction, no offset, nothing held but one page.

Credits belong to the days on which was served, at the place where it was at the time; whistles to the days on
which they began. Corrections stand where the credit stands, so that a claim lies in one summary as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from ground import clock
from organizations.models import Unit
from organizations.posts import Tier
from organizations.scope import COLUMNS
from volunteers.models import Claim, LedgerEntry, SummaryJob, Thanks, Volunteer, Whistle
from volunteers.states import LIVE, PRESENT, ClaimState, EntryKind, WhistleState

PAGE = 1_000
#: Claims that came to something, or might have: those of the queue and those given back are none of them.
TOOK = (*LIVE, ClaimState.ABSENT, ClaimState.REFUSED)
CAME = (*PRESENT, ClaimState.CREDITED)
#: Whistles that took place, or are taking place.
HELD = (WhistleState.RUNNING, WhistleState.DONE)


class Entry(NamedTuple):
    """A line of the ledger. What follows `task` is read only where names are shown."""

    pk: int
    served_at: datetime
    volunteer: int
    claim: int
    whistle: int
    unit: int | None
    community: int | None
    kind: str
    minutes: int
    off_hours: int
    duty_area: str
    whistle_kind: str
    task: str
    member_name: str | None = None
    user_name: str = ""
    unit_name: str | None = None
    number: str = ""
    title: str = ""
    community_name: str | None = None
    attested: str = ""
    reason: str = ""
    credited_by: str = ""
    at: datetime | None = None

    @property
    def name(self) -> str:
        return name_of(self.member_name, self.user_name)


_COUNTED = (
    *("pk", "served_at", "volunteer_id", "claim_id", "whistle_id", "unit_id", "community_id"),
    *("kind", "minutes", "off_hours_minutes", "duty_area", "whistle__kind", "whistle__task"),
)
_NAMED = (
    *("volunteer__member__name", "volunteer__user__name", "unit__name", "whistle__number", "whistle__title"),
    *("community__short_name", "attested", "reason", "by__name", "at"),
)


class Line(NamedTuple):
    """A whistle, and what came of it. `stars` are summed over `rated` judgements of those served."""

    pk: int
    starts_at: datetime
    ends_at: datetime
    number: str
    title: str
    kind: str
    duty_area: str
    task: str
    state: str
    place: str
    community: int | None
    community_name: str | None
    places: int
    satisfied: int | None
    claimed: int = 0
    came: int = 0
    absent: int = 0
    refused: int = 0
    stars: int = 0
    rated: int = 0
    likes: int = 0


_OF_WHISTLE = (
    *("pk", "starts_at", "ends_at", "number", "title", "kind", "duty_area", "task", "state", "place"),
    *("community_id", "community__short_name", "places_max", "service_request__rating__satisfied"),
)


class Person(NamedTuple):
    pk: int
    kind: str
    member_name: str | None
    user_name: str
    unit_name: str | None

    @property
    def name(self) -> str:
        return name_of(self.member_name, self.user_name)


def name_of(member_name: str | None, user_name: str) -> str:
    """Never a number: somebody without a name has none here."""
    return member_name or user_name or "（没有姓名）"


def span_of(job: SummaryJob) -> tuple[datetime, datetime]:
    """First moment of the days, and the first one after them, where the city is."""
    return clock.midnight(job.first_day), clock.midnight(job.last_day + timedelta(days=1))


# Entries


def entries_of(job: SummaryJob, newest: int | None = None) -> QuerySet[LedgerEntry]:
    """The entries of the days at the place; with names only as far as whoever asks sees the ledger.

    `newest`: none that came after this one, so that everything is counted from the same entries.
    """
    entries: Any = LedgerEntry.objects.all()
    if job.with_names:
        entries = entries.visible_to(job.by)
    start, end = span_of(job)
    entries = entries.filter(_at(job), served_at__gte=start, served_at__lt=end)
    return entries if newest is None else entries.filter(pk__lte=newest)


def newest_entry() -> int:
    return LedgerEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def corrected_claims(job: SummaryJob, newest: int) -> set[int]:
    """Claims with more than a credit: what they come to is known only after the last entry."""
    more = entries_of(job, newest).exclude(kind=EntryKind.CREDIT).order_by()
    return set(more.values_list("claim_id", flat=True))


def entry_pages(job: SummaryJob, newest: int) -> Iterator[list[Entry]]:
    fields = (*_COUNTED, *_NAMED) if job.with_names else _COUNTED
    for page in _pages(entries_of(job, newest).values_list(*fields), "served_at"):
        yield [Entry(*row) for row in page]


def _at(job: SummaryJob) -> Q:
    if job.unit_id:
        return Q(unit=job.unit_id)
    assert job.organization is not None  # noqa: S101 - a summary is of one place
    here = Q(**{f"{COLUMNS[Tier(job.organization.tier)]}_id": job.organization_id})
    if job.organization.tier == Tier.STREET:  # streets have no index of their own; their district has
        return here & Q(district_id=district_of(job))
    return here


# Whistles


def whistles_of(job: SummaryJob) -> QuerySet[Whistle]:
    """Those published at the place that began in the days; of a unit, those that its people took part in."""
    start, end = span_of(job)
    begun = Whistle.objects.exclude(state=WhistleState.DRAFT).filter(starts_at__gte=start, starts_at__lt=end)
    if job.unit_id:
        took = Claim.objects.filter(volunteer__member__unit=job.unit_id, state__in=TOOK)
        return begun.filter(pk__in=took.values("whistle"))
    return begun.filter(_at(job))


def whistle_pages(job: SummaryJob) -> Iterator[list[Line]]:
    for page in _pages(whistles_of(job).values_list(*_OF_WHISTLE), "starts_at"):
        yield _with_claims(job, [Line(*row) for row in page])


def whistles_besides(job: SummaryJob, ids: Iterable[int]) -> Iterator[list[Line]]:
    """Whistles by id: those that began before the days and were served in them, as wishes are."""
    for some in _portions(sorted(ids)):
        rows = Whistle.objects.filter(pk__in=some).order_by("starts_at", "pk").values_list(*_OF_WHISTLE)
        yield _with_claims(job, [Line(*row) for row in rows])


def _with_claims(job: SummaryJob, lines: list[Line]) -> list[Line]:
    """Claims, likes and judgements of a page of whistles. Two queries."""
    ids = [line.pk for line in lines]
    claims = Claim.objects.filter(whistle__in=ids).order_by()
    if job.unit_id:
        claims = claims.filter(_of_unit(job.unit_id))
    counts = claims.values("whistle").annotate(
        claimed=Count("pk", filter=Q(state__in=TOOK)),
        came=Count("pk", filter=Q(state__in=CAME)),
        absent=Count("pk", filter=Q(state=ClaimState.ABSENT)),
        refused=Count("pk", filter=Q(state=ClaimState.REFUSED)),
    )
    thanks = Thanks.objects.filter(whistle__in=ids).order_by().values("whistle")
    said = thanks.annotate(
        stars_sum=Sum("stars", default=0), rated=Count("stars"), likes=Count("pk", filter=Q(is_like=True))
    )
    of_claims: dict[int, Any] = {row["whistle"]: row for row in counts}
    of_thanks: dict[int, Any] = {row["whistle"]: row for row in said}
    return [_judged(_counted(line, of_claims.get(line.pk)), of_thanks.get(line.pk)) for line in lines]


def _counted(line: Line, found: Any) -> Line:
    if found is None:
        return line
    return line._replace(
        claimed=found["claimed"], came=found["came"], absent=found["absent"], refused=found["refused"]
    )


def _judged(line: Line, said: Any) -> Line:
    """Who rated the request, rated the service; others say it of the whistle."""
    stars, rated = (said["stars_sum"], said["rated"]) if said else (0, 0)
    if line.satisfied:
        stars, rated = stars + line.satisfied, rated + 1
    return line._replace(stars=stars, rated=rated, likes=said["likes"] if said else 0)


def _of_unit(unit: int) -> Q:
    """Claims of a unit's people: as the ledger says, where it says something; else those who are there now."""
    entries = LedgerEntry.objects.filter(claim=OuterRef("pk"))
    return Exists(entries.filter(unit=unit)) | (~Exists(entries) & Q(volunteer__member__unit=unit))


# People and places


def people_pages(ids: list[int]) -> Iterator[list[Person]]:
    """Volunteers in the order of `ids`."""
    fields = ("pk", "kind", "member__name", "user__name", "member__unit__name")
    for some in _portions(ids):
        found = {row[0]: Person(*row) for row in Volunteer.objects.filter(pk__in=some).values_list(*fields)}
        yield [found[pk] for pk in some if pk in found]


def names_of(model: Any, ids: Iterable[int | None], field: str) -> dict[int, str]:
    """Id → what a unit or a community is called."""
    found: dict[int, str] = {}
    for some in _portions([pk for pk in ids if pk is not None]):
        found.update(model.objects.filter(pk__in=some).values_list("pk", field))
    return found


def district_of(job: SummaryJob) -> int:
    """The district whose policy holds."""
    if isinstance(job.place, Unit):
        return job.place.district_id
    return job.place.get_root().pk


# Pages


def _pages(rows: QuerySet[Any, Any], moment: str) -> Iterator[list[Any]]:
    """Rows that begin with pk and a moment, in the order of moment and pk, page after page by the key alone."""
    rows = rows.order_by(moment, "pk")
    page = list(rows[:PAGE])
    while page:
        yield page
        if len(page) < PAGE:
            return
        pk, at = page[-1][:2]
        after = Q(**{f"{moment}__gt": at}) | Q(**{moment: at, "pk__gt": pk})
        page = list(rows.filter(after, **{f"{moment}__gte": at})[:PAGE])


def _portions(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), PAGE):
        yield ids[start : start + PAGE]
