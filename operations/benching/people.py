"""Who asks: accounts of the benchmark's own, made on the copy of the database that it measures, with API tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from accounts.models import ApiToken, User
from ground import clock
from ground.fields import phone_index
from organizations.models import Appointment, Organization
from organizations.posts import Post

#: Nobody's numbers: the mobile numbers of the country begin with 13 to 19.
NUMBERS = "100"


def made(count: int, name: str, first: int) -> list[User]:
    """`count` accounts with the numbers from `first` on, proved today; those of an earlier part are taken again."""
    phones = [f"{NUMBERS}{number:08d}" for number in range(first, first + count)]
    indexes, now = [phone_index(phone) for phone in phones], clock.now()
    rows = [
        User(phone=phone, phone_index=index, name=name, password="!", proved_at=now)  # noqa: S106
        for phone, index in zip(phones, indexes, strict=True)
    ]
    User.objects.bulk_create(rows, ignore_conflicts=True)
    return list(User.objects.filter(phone_index__in=indexes).order_by("pk"))


def token_of(user: User, *, strong: bool) -> dict[str, str]:
    """The header of a new API token."""
    _, token = ApiToken.objects.create(user=user, is_strong=strong)
    return {"Authorization": f"Token {token}"}


def residents(count: int, first: int = 0) -> list[dict[str, str]]:
    """Headers of as many residents, who signed in by code."""
    return [token_of(user, strong=False) for user in made(count, "测居民", first)]


def city_officer(number: int = 90_000_000) -> tuple[User, dict[str, str]]:
    """Who has all requests of the city in sight."""
    (user,) = made(1, "测市级", number)
    Appointment.objects.get_or_create(user=user, post=Post.OFFICER, at_city=True)
    return user, token_of(user, strong=True)


def secretaries(communities: Sequence[Organization], first: int = 91_000_000) -> dict[int, dict[str, Any]]:
    """A secretary for each of the communities: {community: {"user", "headers"}}."""
    users = made(len(communities), "测书记", first)
    posts = [
        Appointment(user=user, post=Post.SECRETARY, organization=node)
        for user, node in zip(users, communities, strict=True)
    ]
    Appointment.objects.bulk_create(posts, ignore_conflicts=True)
    return {
        node.pk: {"user": user, "headers": token_of(user, strong=True)}
        for user, node in zip(users, communities, strict=True)
    }
