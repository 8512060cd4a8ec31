"""One sign-in for each role of a simulated city: known numbers, one password. Such accounts exist nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from accounts.models import User
from desk.demo.names import kept_phone
from ground.fields import phone_index

#: It opens accounts of simulated databases only.
SIGN_IN_PASSWORD: Final = "shaoguan-simulated"  # noqa: S105
#: Residents and members sign in by code alone on their pages; the password opens their accounts as well.
RESIDENT, MEMBER, GRID_WORKER = "居民", "在职党员", "网格员"
SECRETARY, WORKER = "社区书记", "社区工作者"
STREET, LEADER, DISTRICT, CITY = "街道工作人员", "街道分管领导", "区委组织部", "市级工作人员"
CASE_OFFICER, LIAISON, ADMINISTRATOR = "单位承办人", "单位联络员", "系统管理员"
ROLES: Final = (
    RESIDENT, MEMBER, GRID_WORKER, SECRETARY, WORKER, STREET, LEADER, DISTRICT, CITY, CASE_OFFICER, LIAISON,
    ADMINISTRATOR,
)  # fmt: skip
#: Several places may stand in one database: each has this many of the kept numbers.
NUMBERS, MOST_PLACES = 20, 10


@dataclass(frozen=True, slots=True)
class SignIn:
    """role: one of ROLES. place: 0 for the first place of the database, 1 for the second."""

    role: str
    place: int
    name: str
    phone: str
    password: str = SIGN_IN_PASSWORD


def phone_of(role: str, place: int = 0) -> str:
    """The number that is kept for a role (11 digits)."""
    return kept_phone(place * NUMBERS + ROLES.index(role) + 1)


def sign_ins() -> list[SignIn]:
    """Those that this database has, in the order of places and ROLES; none where nothing was simulated. One query."""
    wanted = {
        phone_index(phone_of(role, place)): (place, role) for place in range(MOST_PLACES) for role in ROLES
    }
    names = dict(User.objects.filter(phone_index__in=wanted).values_list("phone_index", "name"))
    return [
        SignIn(role, place, names[index], phone_of(role, place))
        for index, (place, role) in wanted.items()
        if index in names
    ]
