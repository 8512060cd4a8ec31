"""What decides whether somebody can claim or wait: his registration, what he holds, and how full it is (RULES 2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Count, Q

from ground import clock
from volunteers.models import Claim, Registration, Team, Volunteer, Whistle
from volunteers.models.whistles import RECRUITING
from volunteers.states import LIVE, STANDING, Audience, ClaimState


class Room(NamedTuple):
    """How many places are taken, and how many wait for one."""

    taken: int
    waiting: int


def room_of(whistle: Whistle) -> Room:
    """Counted under the whistle's lock it cannot change before the commit. One query."""
    standing = Claim.objects.filter(whistle=whistle, state__in=STANDING).order_by()
    counted = standing.aggregate(
        taken=Count("pk", filter=Q(state__in=LIVE)), waiting=Count("pk", filter=Q(state=ClaimState.WAITING))
    )
    return Room(**counted)


def taken(whistle: Whistle) -> int:
    return room_of(whistle).taken


def has_queue(whistle: Whistle) -> bool:
    """Whether places can still come free: nobody withdraws after the start, except from a wish."""
    return is_recruiting(whistle) and (whistle.is_wish or clock.now() < whistle.starts_at)


def is_recruiting(whistle: Whistle) -> bool:
    """As `Whistle.objects.recruiting`, of a row at hand."""
    return whistle.state in RECRUITING and clock.now() < whistle.claim_by


@dataclass(frozen=True)
class Standing:
    """What decides whether a volunteer can claim, read once: for a whole list as for one claim."""

    volunteer: Volunteer | None
    registration: Registration | None = None
    live: tuple[Claim, ...] = field(default=())
    queued: tuple[Claim, ...] = field(default=())

    @cached_property
    def claimed(self) -> dict[int, Claim]:
        """Live claims by whistle."""
        return {claim.whistle_id: claim for claim in self.live}

    @cached_property
    def waits(self) -> dict[int, Claim]:
        """Places in queues by whistle."""
        return {claim.whistle_id: claim for claim in self.queued}

    def why_not(self, whistle: Whistle, places_taken: int, waiting: int = 0) -> str:
        """The sentence that says what stands in the way of claiming this whistle; "" if nothing does.

        Places for which somebody waits already are not to be had.
        """
        return (
            self._not_admitted(whistle)
            or _not_recruiting(whistle)
            or _full(whistle, places_taken + waiting)
            or self._busy(whistle)
        )

    def why_not_wait(self, whistle: Whistle) -> str:
        """What stands in the way of waiting for a place that comes free; "" if nothing does."""
        return (
            self._not_admitted(whistle)
            or _not_recruiting(whistle)
            or ("" if has_queue(whistle) else "已经开始了，不会再空出名额，看看别的哨单吧。")
            or self._busy(whistle)
        )

    def _not_admitted(self, whistle: Whistle) -> str:
        if self.registration is None or self.volunteer is None:
            return "先到社区报到，社区确认以后就能接单。"
        if why_not := self._not_meant(whistle, self.registration):
            return why_not
        wanted = whistle.service_request
        if wanted is not None and wanted.submitter_id == self.volunteer.user_id:
            # His rating would count for his own service: nobody rates what is his own (RULES 0).
            return "这张哨单是为你自己的点单吹的，请由其他同志来接。"
        return ""

    def _not_meant(self, whistle: Whistle, registration: Registration) -> str:
        """Whom the whistle is for, as `Whistle.objects.open_to` has it."""
        if whistle.audience == Audience.TEAM:
            return "" if whistle.team_id in self._teams else "这张哨单只面向指定队伍的队员。"
        if whistle.audience == Audience.REGISTERED and registration.community_id != whistle.community_id:
            return "这张哨单只面向报到到本社区的同志。"
        if registration.district_id != whistle.district_id:
            return "这张哨单只面向本区报到的同志。"
        if whistle.audience == Audience.UNITS and whistle.pk not in self._asked_of_unit:
            return "这张哨单只面向指定单位的同志。"
        return ""

    @cached_property
    def _teams(self) -> set[int]:
        assert self.volunteer is not None  # noqa: S101 - asked of volunteers only
        return set(Team.objects.of(self.volunteer.user).values_list("pk", flat=True))

    @cached_property
    def _asked_of_unit(self) -> set[int]:
        """Whistles that still recruit and ask for the volunteer's unit."""
        assert self.volunteer is not None  # noqa: S101 - asked of volunteers only
        asked = Whistle.objects.recruiting().filter(units__members__user=self.volunteer.user_id)
        return set(asked.order_by().values_list("pk", flat=True))

    def _busy(self, whistle: Whistle) -> str:
        """Wishes have no window: they overlap with nothing."""
        if whistle.is_wish:
            return ""
        for claim in self.live:
            other = claim.whistle
            if (
                other.pk != whistle.pk
                and not other.is_wish
                and other.starts_at < whistle.ends_at
                and other.over_at > whistle.starts_at
            ):
                return f"和你已接的“{other.title}”时间重叠，退了那一单才能接这一单。"
        return ""


def _not_recruiting(whistle: Whistle) -> str:
    if whistle.state not in RECRUITING:
        return f"这张哨单{whistle.get_state_display()}，不能接单。"
    return "" if is_recruiting(whistle) else "接单截止时间已过，看看别的哨单吧。"


def _full(whistle: Whistle, spoken_for: int) -> str:
    if spoken_for < whistle.places_max:
        return ""
    if not has_queue(whistle):
        return "该哨单已满员，看看别的哨单吧。"
    if whistle.is_wish:
        return "这个心愿已有人认领，可以候补，有人退单就递补给你。"
    return "该哨单已满员，可以候补，有人退单就按顺序递补给你。"


def standing_of(user: Any) -> Standing:
    """The standing of an account as a volunteer: three queries, however many whistles are asked about, and one
    more each where some are for teams or units."""
    volunteer = Volunteer.objects.filter(user=user).select_related("member", "user").first()
    return Standing(None) if volunteer is None else standing_as(volunteer)


def standing_as(volunteer: Volunteer) -> Standing:
    """The same of a volunteer at hand: two queries."""
    registration = Registration.objects.confirmed().filter(volunteer=volunteer).first()
    # What ended long ago cannot overlap with anything that can still be claimed.
    held = Claim.objects.filter(volunteer=volunteer, state__in=STANDING, whistle__ends_at__gt=clock.now())
    rows = list(held.select_related("whistle"))
    queued = tuple(row for row in rows if row.state == ClaimState.WAITING)
    return Standing(volunteer, registration, tuple(row for row in rows if row not in queued), queued)
