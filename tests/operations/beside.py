"""For tests that do their work in other databases than the test's own."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker


@pytest.fixture
def transactional_db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Stands for pytest-django's: the test's own database is made, and not emptied, since nothing gets into it.

    To empty its tables takes longer than most of these tests. The name is what pytest-django makes the database for.
    """
    with django_db_blocker.unblock():
        yield
