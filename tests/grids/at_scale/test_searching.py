"""Finding one person among 100,000 is asked of an index, whoever asks and whatever is typed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Count

from accounts.models import User
from grids import searching
from grids.models import Resident
from grids.searching import Words
from tests.grids.at_scale.conftest import World
from tests.grids.at_scale.plans import Plan, plans_of

pytestmark = pytest.mark.services
TABLE = Resident._meta.db_table

#: What is typed → the index that must answer.
KINDS = {
    "name": "resident_name",
    "initials": "resident_initials",
    "document": "resident_document",
    "phone": "resident_phone",
}


def typed(kind: str, one: Resident) -> str:
    return {
        "name": one.name,
        "initials": one.initials,
        "document": one.document_number,
        "phone": one.phone,
    }[kind]


def search(user: User, words: str) -> tuple[Any, list[Plan]]:
    found = []
    plans = plans_of(lambda: found.append(searching.find(User.objects.get(pk=user.pk), Words(words))), TABLE)
    return found[0], plans


def of_a_grid(plan: Plan) -> bool:
    """A grid worker has few enough people for reading them all to be as good."""
    return any(index.startswith(f"{TABLE}_grid_id") for index in plan.indexes) and plan.most_read < 5_000


def somebody(people: Any) -> Resident:
    """With everything that can be typed, and initials that few others have: of frequent ones the first fifty are
    found as well by walking through the names in their order."""
    rows = people.exclude(phone_index="").exclude(document_index="").order_by("pk")
    rarest = rows.order_by().values("initials").annotate(count=Count("pk")).order_by("count", "initials")[0]
    return rows.filter(initials=rarest["initials"])[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("who", ["secretary", "grid worker"])
def test_a_search_goes_by_its_index(world: World, kind: str, who: str, say: Any) -> None:
    user = world.home.secretary if who == "secretary" else world.worker
    one = somebody(world.people(world.home) if who == "secretary" else world.in_grid())
    found, plans = search(user, typed(kind, one))
    assert one in found.people or found.more
    assert plans, "nothing was asked of the table"
    for plan in plans:
        say(f"{who} by {kind}: {', '.join(plan.shape)}; {plan.most_read} rows at most")
        assert not plan.walked(TABLE), plan
        assert KINDS[kind] in plan.indexes or (who == "grid worker" and of_a_grid(plan)), plan
