"""What volunteers say of themselves, and what those say whom they served."""

from __future__ import annotations

import random
from datetime import timedelta

from accounts.models import User
from desk.demo.people import People
from desk.demo.places import Land
from ground import clock
from organizations.models import Skill
from volunteers.accounting import thanking
from volunteers.joining import profile
from volunteers.models import Claim, Volunteer, Whistle
from volunteers.states import SERVED, ClaimState, FreeTime, WhistleKind, WhistleState

SEED = 6
#: What people have time for, most often first.
TIMES = (
    (FreeTime.EVENING, FreeTime.SATURDAY),
    (FreeTime.EVENING,),
    (FreeTime.SATURDAY, FreeTime.SUNDAY),
    (FreeTime.DAYTIME,),
)
#: So far back whistles were thanked for on the spot; so many said so at most.
BACK, MOST = timedelta(weeks=8), 4
SPOKEN = (
    "谢谢你们，老人家很高兴。",
    "来得准时，干活仔细。",
    "孩子说下次还要来。",
    "楼道一下子亮堂了。",
    "讲得清楚，听懂了。",
    "大热天还来，辛苦了。",
    "量得很认真，还教我怎么吃药。",
    "小区干净多了，谢谢。",
    "手机终于会用了！",
    "有你们在，心里踏实。",
)
TOLD = ("灯亮了，谢谢师傅！", "来得快，修得好。", "谢谢你们下班还跑一趟。", "帮了大忙，谢谢。")


def speak(land: Land, people: People) -> None:
    """Profiles of every other volunteer, thanks of those who asked, and of those who scanned the code on the spot."""
    chance = random.Random(SEED)  # noqa: S311 - invented data, the same every time
    _profiles(people, chance)
    community = land.huacheng.node
    done = Whistle.objects.filter(community=community, state=WhistleState.DONE, claims__state__in=SERVED)
    done = done.exclude(kind=WhistleKind.WISH)
    for whistle in done.select_related("service_request__submitter").order_by("starts_at", "id").distinct():
        if whistle.service_request is not None:
            if whistle.service_request.submitter != people.residents[0][0]:  # he is still to say it
                _thanked_by_who_asked(whistle, chance)
        elif whistle.ends_at > clock.now() - BACK or _is_known(whistle, people):
            _thanked_on_the_spot(whistle, [user for user, _ in people.residents], chance)


def _profiles(people: People, chance: random.Random) -> None:
    skills = list(Skill.objects.order_by("id"))
    for number, member in enumerate(people.members):
        volunteer = Volunteer.objects.filter(user=member.user).first()
        if volunteer is None or number % 2:
            continue
        said = chance.sample(skills, number % 3)
        times = TIMES[0] if number == 0 else chance.choices(TIMES, (4, 3, 2, 1))[0]
        profile.declare(volunteer, by=volunteer.user, skills=said, free_times=times)


def _is_known(whistle: Whistle, people: People) -> bool:
    """Whether the member of the sign-in table served: his pages are looked at."""
    return Claim.objects.filter(
        whistle=whistle, volunteer__user=people.members[0].user, state=ClaimState.CREDITED
    ).exists()


def _thanked_by_who_asked(whistle: Whistle, chance: random.Random) -> None:
    """Three in four say something within two days; the others leave it at their rating."""
    asked = whistle.service_request
    if asked is None or asked.has_no_phone or chance.random() > 0.75:
        return
    with clock.at(min(whistle.over_at + timedelta(hours=chance.uniform(1, 40)), clock.now())):
        if thanking.served(asked.submitter).filter(pk=whistle.pk).exists():
            thanking.thank(whistle, by=asked.submitter, is_like=True, words=chance.choice(TOLD))


def _thanked_on_the_spot(whistle: Whistle, residents: list[User], chance: random.Random) -> None:
    with clock.at(min(whistle.over_at - timedelta(minutes=5), clock.now())):
        for user in chance.sample(residents, chance.randint(0, MOST)):
            if not thanking.served(user, [whistle.pk]).filter(pk=whistle.pk).exists():
                continue
            stars = chance.choices((5, 4, 3), (7, 3, 1))[0]
            words = chance.choice(SPOKEN) if chance.random() < 0.5 else ""
            thanking.thank(
                whistle, by=user, is_like=stars > 3, stars=stars, words=words, scanned=[whistle.pk]
            )
