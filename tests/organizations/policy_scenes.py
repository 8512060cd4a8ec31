"""Districts with officers, and a policy signed in one line."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ground import clock
from organizations import policies
from organizations.models import Organization, Policy
from organizations.posts import Post
from tests.factories import a_user, appoint

DOCUMENT = "武组〔2026〕12 号"


def an_officer(district: Organization, name: str = "组织科长") -> Any:
    user = a_user(name)
    appoint(user, Post.OFFICER, district)
    return user


def sign(by: Any, district: Organization, days: int = 0, preset: str = "own", **fields: Any) -> Policy:
    """From so many days on; fields that are not named stay as they are."""
    return policies.sign(
        by=by,
        district=district,
        begins_on=clock.today() + timedelta(days=days),
        document=fields.pop("document", DOCUMENT),
        preset=preset,
        **fields,
    )


def relieve(district: Organization, **fields: Any) -> Policy:
    """减负 with what is named here, signed today by an officer made for it."""
    return sign(an_officer(district), district, preset="relief", **fields)
