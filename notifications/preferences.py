"""What somebody is called for, and when not to be disturbed. It binds the channels; the inbox always receives.

Urgent news asks neither. Work reminders have no switch: a post demands them as long as it is held.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from django.utils import timezone

from accounts.models import User
from ground.errors import RuleViolation
from notifications.models import Kind, Outgoing, Preference
from organizations.models import Appointment


def preference_of(user: User) -> Preference:
    """What the person said, or the defaults (not saved)."""
    return Preference.objects.filter(user=user).first() or Preference(user=user)


def preferences_of(user_ids: Iterable[int]) -> dict[int, Preference]:
    """For a whole batch in one query; whoever never said has the defaults."""
    said = {row.pk: row for row in Preference.objects.filter(pk__in=set(user_ids))}
    return {pk: said.get(pk) or Preference(user_id=pk) for pk in user_ids}


def change(
    *,
    by: User,
    wants_progress: bool,
    wants_whistles: bool,
    is_quiet_at_night: bool,
    quiet_from: time,
    quiet_to: time,
    wants_digests: bool | None = None,
) -> Preference:
    """Keep what the person wants from now on; None stays. Raises RuleViolation for quiet hours without an end."""
    if quiet_from == quiet_to:
        raise RuleViolation("开始和结束不能是同一时间。不需要免打扰时，请取消上面的勾选。", field="quiet_to")
    said = {
        "wants_progress": wants_progress,
        "wants_whistles": wants_whistles,
        "is_quiet_at_night": is_quiet_at_night,
        "quiet_from": quiet_from,
        "quiet_to": quiet_to,
    }
    if wants_digests is not None:
        said["wants_digests"] = wants_digests
    return Preference.objects.update_or_create(user=by, defaults=said)[0]


def must_hear_of_work(user: User) -> bool:
    """Whether a post demands that work reminders are heard."""
    return Appointment.objects.in_force().filter(user=user).exists()


def is_wanted(preference: Preference, row: Outgoing) -> bool:
    """Whether channels may call the person for this at all."""
    switches = {
        Kind.PROGRESS: preference.wants_progress,
        Kind.WHISTLE: preference.wants_whistles,
        Kind.DIGEST: preference.wants_digests,
    }
    return row.is_urgent or switches.get(Kind(row.kind), True)


def quiet_until(preference: Preference, moment: datetime) -> datetime | None:
    """The end of the quiet hours that `moment` falls into (the last minute before it is quiet), or None.

    Hours are those of the city's clock (TIME_ZONE) and may go over midnight.
    """
    if not preference.is_quiet_at_night:
        return None
    begins, ends = preference.quiet_from, preference.quiet_to
    local = timezone.localtime(moment)
    is_after_begin, is_before_end = local.time() >= begins, local.time() < ends
    is_quiet = is_after_begin and is_before_end if begins < ends else is_after_begin or is_before_end
    if not is_quiet:
        return None
    day = local.date() if is_before_end else local.date() + timedelta(days=1)
    return timezone.make_aware(datetime.combine(day, ends))
