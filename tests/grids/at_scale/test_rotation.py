"""A new key for the numbers of 100,000 residents while the site answers: nothing is lost, nobody waits for long."""

from __future__ import annotations

import base64
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from grids.models import Resident
from ground import rotation
from ground.fields import phone_index
from organizations.posts import Post
from tests.factories import a_user, appoint
from tests.grids.at_scale.conftest import World
from tests.grids.at_scale.site import Visitor, manage, site

pytestmark = pytest.mark.services

VISITORS, PEOPLE_OF_ONE = 3, 40


def test_every_value_gets_the_new_key_while_pages_are_opened_and_people_edited(
    world: World, tmp_path: Path, say: Any
) -> None:
    before = everything()
    settings.FIELD_KEYS["2"] = base64.b64encode(b"a second key of thirty-two bytes").decode()
    with site(tmp_path) as address:
        visitors = the_visitors(world, address)
        for visitor in visitors:
            visitor.start()
        time.sleep(1)
        began = time.perf_counter()
        done = manage(tmp_path, "rotate_field_keys")
        seconds = time.perf_counter() - began
        for visitor in visitors:
            visitor.stop()
    assert done.returncode == 0, done.stdout + done.stderr
    troubles = [visitor.trouble for visitor in visitors if visitor.trouble]
    assert not troubles, (tmp_path / "web.log").read_text()[-5000:] + "\n".join(troubles)
    answers = sorted(each for visitor in visitors for each in visitor.answers)
    saved = {pk: phone for visitor in visitors for pk, phone in visitor.saved.items()}
    say(
        f"new key for {len(before)} residents in {seconds:.1f} s; meanwhile {len(answers)} answers, "
        f"median {answers[len(answers) // 2]:.2f} s, slowest {answers[-1]:.2f} s, {len(saved)} people edited"
    )
    assert len(saved) > VISITORS
    assert_all_under_the_new_key()
    only_new = {name: settings.FIELD_KEYS[name] for name in ("2", "index")}
    after = everything(only_new)
    assert after == {pk: (number, saved.get(pk, phone)) for pk, (number, phone) in before.items()}
    for pk, index in Resident.objects.filter(pk__in=saved).values_list("pk", "phone_index"):
        assert index == phone_index(saved[pk])


def everything(ring: dict[str, str] | None = None) -> dict[int, tuple[str, str]]:
    """Key of every resident → both numbers, opened with that ring."""
    kept = dict(settings.FIELD_KEYS)
    try:
        if ring:
            settings.FIELD_KEYS.clear()
            settings.FIELD_KEYS.update(ring)
        rows = Resident.objects.order_by().values_list("pk", "document_number", "phone")
        return {pk: (number, phone) for pk, number, phone in rows.iterator()}
    finally:
        settings.FIELD_KEYS.update(kept)


def assert_all_under_the_new_key() -> None:
    columns = rotation.columns()
    assert {"grids.resident.document_number", "grids.resident.phone"} <= {str(each) for each in columns}
    for column in columns:
        assert set(column.by_head()) <= {"a2:"}, column


def the_visitors(world: World, address: str) -> list[Visitor]:
    """Workers of the community, each with people of his own from all over it."""
    rows = world.people(world.home).filter(document_kind="id").exclude(phone_index="").order_by("pk")
    step = rows.count() // (VISITORS * PEOPLE_OF_ONE + 1)
    people = list(rows[step :: step or 1][: VISITORS * PEOPLE_OF_ONE])
    found = []
    for number in range(VISITORS):
        user = a_user("社区干事")
        appoint(user, Post.COMMUNITY_WORKER, world.home.organization)
        found.append(Visitor(user, people[number::VISITORS], address))
    return found
