"""微心愿: one volunteer fulfils it in his own time and shows it with a photo (RULES 2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.urls import reverse

from ground.errors import RuleViolation
from ground.steps import lock_row
from notifications.outbox import say
from organizations.posts import Power
from requests import photos as pictures
from volunteers.models import Claim, ClaimPhoto
from volunteers.tables import CLAIMS
from volunteers.whistling import audiences, whistles

#: Photos of one fulfilment.
MOST_PHOTOS = 3


def fulfil(claim: Claim, *, by: Any, photos: Iterable[Any] = ()) -> Claim:
    """完成心愿: the wish is done, and so is its whistle; the community credits the minutes.

    `photos`: uploads or prepared pictures, at least one. Raises RuleViolation with the field, NoPower. Locks
    request, whistle, claim.
    """
    kept = pictures.ready(photos)
    if len(kept) > MOST_PHOTOS:
        raise RuleViolation(f"最多 {MOST_PHOTOS} 张照片。", field="photos")
    with transaction.atomic():
        if claim.whistle.service_request is not None:
            lock_row(claim.whistle.service_request)
        with CLAIMS.take("fulfil", claim, by=by) as move:
            if not kept:
                raise RuleViolation("请拍一张完成的照片，社区凭照片认定时长。", field="photos")
            move.thing.checked_out_at = move.at
            pictures.keep(ClaimPhoto, kept, claim=move.thing)
            move.codes["photos"] = len(kept)
        whistles.fulfil(claim.whistle)
        _tell(claim)
    return claim


def _tell(claim: Claim) -> None:
    whistle = claim.whistle
    for person in audiences.staff_of(whistle, Power.CREDIT):
        say(
            to=person,
            key=f"claim:{claim.pk}:fulfil",
            title=f"心愿完成：{whistle.title}",
            text=f"{claim.volunteer} 已完成并上传照片，请认定时长。",
            url=reverse("desk:whistle", args=[whistle.pk]),
            about=f"whistle:{whistle.pk}",
        )
