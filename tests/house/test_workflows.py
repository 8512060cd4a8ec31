"""docs/workflows.md says what the tables of steps say."""

import pytest
from django.conf import settings

from governance.drawing import MACHINES, document
from ground.steps import Machine


def test_the_drawn_workflows_are_those_of_the_tables() -> None:
    committed = (settings.BASE_DIR / "docs" / "workflows.md").read_text(encoding="utf-8")
    assert committed == document(), "run `python manage.py draw_tables`"


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.model.__name__)
def test_every_state_is_reached_by_a_step(machine: Machine) -> None:
    reached = {step.target for step in machine.steps.values() if step.target is not None}
    assert reached == {state for state, _ in machine.states}
