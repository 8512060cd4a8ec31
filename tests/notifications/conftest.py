"""A channel that notes whom it called, when and for what."""

from collections.abc import Iterator

import pytest

from ground import clock
from notifications import delivery
from notifications.models import Outgoing
from tests.notifications import NOON


class Calls(list[tuple[int, str]]):
    """Minutes after noon, and the line that was carried."""

    def carry(self, row: Outgoing) -> None:
        assert row.message
        self.append((round((clock.now() - NOON).total_seconds() / 60), row.message.title))


@pytest.fixture
def calls() -> Iterator[Calls]:
    noted = Calls()
    delivery.channels.append(noted.carry)
    yield noted
    delivery.channels.remove(noted.carry)
