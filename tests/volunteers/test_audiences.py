"""Who is told and who may look are the same people, whatever the audience."""

from __future__ import annotations

import random

import pytest

from accounts.models import User
from ground import clock
from ground.errors import RuleViolation
from notifications.models import FanOut
from tests.factories import a_unit, a_user
from tests.volunteers.scenes import FRIDAY_NOON, a_city, a_plain_volunteer, a_volunteer, a_whistle
from volunteers.claiming import claims
from volunteers.joining import registry
from volunteers.models import Registration, Team, TeamMembership, Whistle
from volunteers.states import Audience, TeamKind, TeamTheme, VolunteerKind
from volunteers.whistling import audiences

pytestmark = pytest.mark.django_db


def a_team(node, *, kind=TeamKind.SERVICE, name="夜巡队", closed=False):
    team = Team(
        organization=node, kind=kind, name=name, theme=TeamTheme.OTHER if kind == TeamKind.SERVICE else ""
    )
    team.place_under(node)
    team.closed_at = FRIDAY_NOON if closed else None
    team.save()
    return team


def joins(team, volunteer, *, left=False):
    TeamMembership.objects.create(
        team=team, volunteer=volunteer, added_by=volunteer.user, left_at=FRIDAY_NOON if left else None
    )


def a_population(city, elsewhere, units, chance):
    """People of every sort: at home, next door, in another district, registered and not, of units and not."""
    for number in range(24):
        place = chance.choice([(city, city.home), (city, city.next_door), (elsewhere, elsewhere.home)])
        if number % 4 == 0:
            a_plain_volunteer(*place)
        else:
            a_volunteer(*place, unit=chance.choice(units))
    a_user("没有报到的居民")
    registry.enrol(user=a_user("只登记的"), kind=VolunteerKind.VOLUNTEER, district=city.district)
    for registration in chance.sample(list(Registration.objects.confirmed()), 3):
        Registration.objects.filter(pk=registration.pk).update(state="ended", ended_at=FRIDAY_NOON)
    gone = a_volunteer(city)
    User.objects.filter(pk=gone.user_id).update(is_active=False)


def teams_of(city, chance):
    branch = city.home.grid.branch
    found = [
        a_team(branch, kind=TeamKind.PIONEER, name="第一网格先锋队"),
        a_team(city.home.organization, name="夜巡队"),
        a_team(city.district, name="区医疗队"),
    ]
    volunteers = [row.volunteer for row in Registration.objects.select_related("volunteer__user")]
    for team in found[1:]:
        for volunteer in chance.sample(volunteers, 8):
            joins(team, volunteer, left=chance.random() < 0.3)
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whom_it_is_for_and_who_may_look_agree(seed):
    chance = random.Random(seed)  # noqa: S311 - invented people
    city, elsewhere = a_city(), a_city("曲江")
    units = [a_unit(city) for _ in range(4)]
    a_population(city, elsewhere, units, chance)
    calls = [a_whistle(city.home, audience=audience) for audience in (Audience.REGISTERED, Audience.DISTRICT)]
    calls += [a_whistle(city.home, audience=Audience.UNITS, units=chance.sample(units, n)) for n in (1, 2)]
    teams = teams_of(city, chance)
    calls += [a_whistle(city.home, audience=Audience.TEAM, team=team) for team in teams]
    dissolved = a_whistle(city.home, audience=Audience.TEAM, team=teams[1])
    Team.objects.filter(pk=teams[1].pk).update(closed_at=FRIDAY_NOON)
    seen = {
        user.pk: set(Whistle.objects.open_to(user).values_list("pk", flat=True))
        for user in User.objects.filter(is_active=True)
    }
    sizes = []
    for whistle in [*calls, dissolved]:
        told = set(audiences.of_whistle(whistle.pk).values_list("pk", flat=True))
        assert told == {pk for pk, rows in seen.items() if whistle.pk in rows}, whistle.audience
        sizes.append(len(told))
    assert sizes[0] and sizes[1] > sizes[0] and any(sizes[2:4]) and sizes[4] and sizes[6]
    assert sizes[-1] == 0, "nobody is meant by a team that has been dissolved"


@pytest.mark.parametrize("audience", list(Audience))
def test_it_is_published_by_one_row(audience):
    city = a_city()
    beside = {}
    if audience == Audience.UNITS:
        beside = {"units": [a_unit(city), a_unit(city)]}
    if audience == Audience.TEAM:
        beside = {"team": a_team(city.home.organization)}
    for _ in range(3):
        a_volunteer(city)
    FanOut.objects.all().delete()
    a_whistle(city.home, audience=audience, **beside)
    assert FanOut.objects.count() == 1


def test_only_those_meant_can_claim():
    city = a_city()
    unit = a_unit(city)
    meant, other = a_volunteer(city, unit=unit), a_volunteer(city)
    team = a_team(city.home.organization)
    joins(team, meant)
    for whistle, words in (
        (a_whistle(city.home, audience=Audience.UNITS, units=[unit]), "指定单位"),
        (
            a_whistle(
                city.home, audience=Audience.TEAM, team=team, starts_at=FRIDAY_NOON.replace(hour=14),
                ends_at=FRIDAY_NOON.replace(hour=15),
            ),
            "指定队伍",
        ),
    ):  # fmt: skip
        with clock.at(FRIDAY_NOON):
            claims.claim(whistle, by=meant.user)
            with pytest.raises(RuleViolation, match=words):
                claims.claim(whistle, by=other.user)


def test_only_teams_of_here_that_stand_are_called():
    city, elsewhere = a_city(), a_city("曲江")
    for team in (
        a_team(city.next_door.organization),
        a_team(elsewhere.district),
        a_team(city.home.organization, name="散了的", closed=True),
    ):
        with pytest.raises(RuleViolation) as refusal:
            a_whistle(city.home, audience=Audience.TEAM, team=team)
        assert refusal.value.field == "team"
