"""What boards have to hear of (S11): a row for every change of what they count, written with the change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone

from ground.steps import Move
from requests.models import ServiceRequest
from volunteers.models import BoardNews, Thanks, Whistle
from volunteers.states import ClaimState

#: Steps of a request after which its rating is another one.
RATED = ("rate", "call_back", "reopen")


def note(*, district_id: int, community_id: int | None, served_at: datetime) -> None:
    """The boards of the periods that `served_at` lies in are no longer up to date (days are the city's).

    Call inside the transaction of the change. Rows are never shared: nobody waits for anybody.
    """
    BoardNews.objects.create(
        district_id=district_id,
        community_id=community_id,
        served_on=timezone.localtime(served_at).date(),
    )


def note_whistle(whistle: Whistle) -> None:
    """What was said of a whistle has changed: everybody who served at it stands on these boards."""
    note(district_id=whistle.district_id, community_id=whistle.community_id, served_at=_served_at(whistle))


def _served_at(whistle: Whistle) -> datetime:
    """When it counts: a wish on the day on which it was fulfilled. One query for a wish, none for the others."""
    from volunteers.accounting.ledger import served_at

    if not whistle.is_wish:
        return whistle.starts_at
    done = whistle.claims.filter(state__in=(ClaimState.CHECKED_OUT, ClaimState.CREDITED)).first()
    return served_at(done) if done is not None else whistle.starts_at


def hear_ratings(sender: type, move: Move, **_: Any) -> None:
    """Whoever asked has rated what was done: it counts for those who came."""
    if sender is ServiceRequest and move.step.name in RATED:
        for whistle in Whistle.objects.filter(service_request=move.thing):
            note_whistle(whistle)


@receiver(post_save, sender=Thanks)
def hear_thanks(sender: type, instance: Thanks, **_: Any) -> None:
    """Somebody who was served said so."""
    note_whistle(instance.whistle)
