"""Calls below a roomy one stay in one chunk of frames, whatever it is given and whatever it does."""

import subprocess
import sys

import pytest

from governance.celery import app
from governance.wsgi import application
from ground.frames import WORDS, with_room

DEEP = """
import resource
from ground.frames import with_room

def down(depth):
    return down(depth - 1) if depth else leaf()

def leaf():
    pass

def turns():
    for depth in range(700):  # one of them ends a chunk: there every turn of a loop would ask for a new one
        for _ in range(20):
            down(depth)

turns()
begun = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
(with_room(turns) if {roomy} else turns)()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - begun)
"""


def faults(*, roomy: bool) -> int:
    done = subprocess.run(
        [sys.executable, "-c", DEEP.format(roomy=roomy)], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_what_is_given_and_what_comes_back() -> None:
    @with_room
    def named(first: int, *rest: int, last: int = 0) -> tuple[int, tuple[int, ...], int]:
        """Its own words."""
        return first, rest, last

    assert named(1, 2, 3, last=4) == (1, (2, 3), 4)
    assert named.__name__ == "named" and named.__doc__ == "Its own words."


def test_errors_pass_and_recursion_still_ends() -> None:
    @with_room
    def endless() -> None:
        endless()

    with pytest.raises(RecursionError):
        endless()
    with pytest.raises(ZeroDivisionError):
        with_room(lambda: 1 / 0)()


def test_memory_is_not_asked_for_again_and_again() -> None:
    assert faults(roomy=True) < 600
    if sys.version_info < (3, 13):
        assert faults(roomy=False) > 2 * faults(roomy=True), (
            "CPython has been mended: ground/frames.py can go"
        )


def rooms() -> int:
    """How many roomy calls are under way: each test is one itself."""
    frame, found = sys._getframe(), 0
    while frame := frame.f_back:  # type: ignore[assignment]
        found += frame.f_code.co_stacksize == WORDS
    return found


def test_pages_and_tasks_have_room() -> None:
    heard: list[int] = []

    @app.task(name="tests.rooms")  # type: ignore[untyped-decorator]
    def listen() -> None:
        heard.append(rooms())

    try:
        listen.apply()
    finally:
        app.tasks.pop("tests.rooms")
    assert heard == [rooms() + 1]
    assert application.__code__.co_stacksize == WORDS
