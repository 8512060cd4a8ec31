"""The workflows as Markdown with Mermaid diagrams, drawn from the tables of steps: docs/workflows.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ground.steps import NEW, Machine, Step
from requests.tables import DISPATCHES, REQUESTS
from volunteers.tables import CLAIMS, REGISTRATIONS, WHISTLES

#: In the order in which a request goes through them.
MACHINES = (REQUESTS, DISPATCHES, WHISTLES, CLAIMS, REGISTRATIONS)

HEAD = """# Workflows

Drawn from the tables of steps (`requests/tables.py`, `volunteers/tables.py`) by `python manage.py draw_tables`; a
test compares. Buttons, API and history use the same tables. "On one's own: never" is the last line of RULES 0: nobody
verifies, credits or confirms what is his own. "Guard": something besides the state may stand in the way.
"""


def document() -> str:
    """The whole file."""
    return "\n".join([HEAD, *(_chapter(machine) for machine in MACHINES)])


def _chapter(machine: Machine) -> str:
    meta = machine.model._meta
    lines = [
        f"## {meta.object_name} {meta.verbose_name}",
        "",
        "```mermaid",
        "stateDiagram-v2",
        *(f"    {line}" for line in _diagram(machine)),
        "```",
        "",
        "| step | button | from | to | power | on one's own | guard |",
        "|---|---|---|---|---|---|---|",
        *(_row(machine, step) for step in machine.steps.values()),
        "",
    ]
    return "\n".join(lines)


def _diagram(machine: Machine) -> Iterator[str]:
    labels = _labels(machine)
    for state, label in labels.items():
        yield f'state "{label}" as {state}'
    arrows: dict[tuple[str, str], list[str]] = {}
    for step in machine.steps.values():
        for source in _ordered(step.sources, labels):
            for target in _targets(step, source, labels):
                arrows.setdefault((source or "[*]", target), []).append(step.label)
    for (source, target), steps in arrows.items():
        yield f"{source} --> {target} : {'、'.join(steps)}"
    for state in labels:
        if not any(source == state for source, _ in arrows):
            yield f"{state} --> [*]"


def _targets(step: Step, source: str, labels: dict[str, str]) -> list[str]:
    """Where a step leads from a state: one state, or those among which the verb chooses."""
    if step.returns:
        return _ordered(step.returns, labels)
    return [source if step.target is None else str(step.target)]


def _row(machine: Machine, step: Step) -> str:
    labels = {NEW: "·", **_labels(machine)}
    cells = [
        f"`{step.name}`",
        step.label,
        "、".join(labels[source] for source in _ordered(step.sources, labels)),
        _target_words(step, labels),
        f"`{step.power.__name__}`",
        "never" if step.impartial else "",
        "yes" if step.is_guarded else "",
    ]
    return f"| {' | '.join(cells)} |"


def _target_words(step: Step, labels: dict[str, str]) -> str:
    if step.returns:
        return " or ".join(labels[state] for state in _ordered(step.returns, labels))
    return labels[step.target] if step.target is not None else "stays"


def _labels(machine: Machine) -> dict[str, str]:
    """State → what it is called on screens, in the order of the states."""
    return {str(state): str(label) for state, label in machine.states}


def _ordered(states: Iterable[str], labels: dict[str, str]) -> list[str]:
    order = [NEW, *labels]
    return sorted(map(str, states), key=order.index)
