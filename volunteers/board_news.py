"""What boards have to hear of (S11): a row for every change of what they count, written with the change."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from volunteers.models import BoardNews


def note(*, district_id: int, community_id: int | None, served_at: datetime) -> None:
    """The boards of the periods that `served_at` lies in are no longer up to date (days are the city's).

    Call inside the transaction of the change. Rows are never shared: nobody waits for anybody.
    """
    BoardNews.objects.create(
        district_id=district_id,
        community_id=community_id,
        served_on=timezone.localtime(served_at).date(),
    )
