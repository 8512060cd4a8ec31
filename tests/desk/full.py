"""A request to which everything has happened, and the people of the tiers above."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from accounts.models import User
from ground import clock
from organizations.posts import Post
from requests import consents, merging, splitting, tiers, workflow
from requests.models import ServiceRequest
from tests.desk.scenes import ask
from tests.factories import City, a_user, appoint
from tests.volunteers import scenes as whistling
from tests.workflow import a_photo
from tests.workflow.dispatched import answered, sent
from volunteers.whistling import whistles


def a_leader(city: City) -> User:
    """分管领导 of the street: consents and supervises, handles nothing."""
    leader = a_user("分管领导")
    appoint(leader, Post.LEADER_IN_CHARGE, city.street)
    return leader


def an_officer(city: City, place: Any = None, name: str = "街道干部") -> User:
    officer = a_user(name)
    appoint(officer, Post.OFFICER, place or city.street)
    return officer


def everything(city: City, events: int = 30) -> ServiceRequest:
    """Dispatched twice, split, merged into, whistled for, waiting for consent, supervised, urged, noted."""
    home, by = city.home, city.home.secretary
    an_officer(city)
    row = ask(home, clock.now(), text="三楼楼道灯不亮", photos=[a_photo()])
    workflow.accept(row, by=by, track="important")
    workflow.handle(row, by=by, responsible=by)
    answered(city, service_request=row)
    sent(city, service_request=row)
    splitting.split(row, by=by, parts=["换灯泡", "修线路"])
    for text in ("灯坏了", "看不见路"):
        merging.merge(ask(home, clock.now(), text=text), by=by, target=row)
    _whistle(city, row)
    ask(home, clock.now(), text="四楼灯也不亮")
    before = ask(home, clock.now() - timedelta(days=40), text="去年也坏过")
    workflow.decline(before, by=by, reason="物业已修好")
    consents.extend(row, by=by, new_due=clock.today() + timedelta(days=60), reason="等配件")
    workflow.urge(row, by=row.submitter)
    tiers.supervise(row, by=a_leader(city), text="尽快办")
    while row.events.count() < events:
        workflow.note(row, by=by, text="记一笔")
    row.refresh_from_db()
    return row


def _whistle(city: City, row: ServiceRequest) -> None:
    soon = clock.now() + timedelta(hours=3)
    draft = whistling.a_draft(
        city.home, starts_at=soon, ends_at=soon + timedelta(hours=1), service_request=row
    )
    whistles.publish(draft, by=city.home.secretary)
    volunteer = whistling.a_volunteer(city, skills=("电工",), name="王建国")
    from volunteers.claiming import claims

    claims.claim(draft, by=volunteer.user)
