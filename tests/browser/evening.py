"""Thirty claims that a secretary finds in the evening, written through the verbs into a running platform's database.

Run with the platform's environment: `python -m tests.browser.evening` prints the title of the whistle. Twenty-six
came and left by their phones, two forgot to check out, one came without a phone, one did not come.

All in one transaction: the platform's own clock ticks meanwhile, and would finish a whistle of yesterday that it
sees before anybody has claimed it.
"""

import os
from datetime import timedelta

import django
from django.db import transaction

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")

TITLE = "清晨河堤清洁"
PEOPLE, FORGOT, CAME_NOT = 30, 2, 2


def write() -> None:
    from accounts.models import User
    from desk.demo import roster
    from ground import clock
    from ground.fields import phone_index
    from organizations.posts import Post
    from volunteers.claiming import claims
    from volunteers.models import Claim, Registration
    from volunteers.presence import attendance
    from volunteers.whistling import whistles

    secretary = User.objects.get(phone_index=phone_index(roster.SECRETARY.phone))
    seat = secretary.appointments.in_force().get(post=Post.SECRETARY).organization
    assert seat is not None
    here = Registration.objects.confirmed().filter(community=seat).exclude(volunteer__user=secretary)
    building = seat_building(seat)
    start = clock.midnight(clock.today()) - timedelta(hours=19)  # yesterday at five in the morning
    end = start + timedelta(minutes=60)
    busy = Claim.objects.filter(whistle__starts_at__lt=end, whistle__ends_at__gt=start).values("volunteer")
    free = here.exclude(volunteer__in=busy).select_related("volunteer__user").order_by("pk")
    people = [row.volunteer for row in free[:PEOPLE]]
    assert len(people) == PEOPLE, f"the demo has {len(people)} free volunteers"
    with clock.at(start - timedelta(hours=12)):
        draft = whistles.draft(
            by=secretary, community=seat, title=TITLE, text="沿河堤捡垃圾，社区带工具。",
            starts_at=start, ends_at=end,
            place=building.name, point=building.point, places_max=PEOPLE,
        )  # fmt: skip
        whistle = whistles.publish(draft, by=secretary)
        taken = [claims.claim(whistle, by=each.user) for each in people]
    with clock.at(start):
        whistles.start_and_finish_due()
    came = taken[: PEOPLE - CAME_NOT]
    for minute, claim in enumerate(came):
        with clock.at(start + timedelta(seconds=20 * minute)):
            attendance.check_in(claim, by=claim.volunteer.user, point=whistle.point)
    for claim in came[FORGOT:]:
        with clock.at(end):
            attendance.check_out(claim, by=claim.volunteer.user, point=whistle.point)
    with clock.at(end):
        whistles.start_and_finish_due()


def seat_building(seat):  # type: ignore[no-untyped-def]
    from grids.models import Building

    return Building.objects.filter(community=seat, lng__isnull=False).order_by("pk")[0]


if __name__ == "__main__":
    django.setup()
    with transaction.atomic():
        write()
    print(TITLE)
