"""Accounts of invented people: keys and numbers before they are written, names that repeat as they do in a city."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final, TypeVar

from django.contrib.auth.hashers import make_password
from django.db import models
from django.db.models.base import ModelState

from accounts.models import User
from desk.demo.names import FIRST, SECOND, SURNAMES
from ground.fields import phone_index
from operations.simulating import signins
from operations.simulating.copying import Writer

#: Keys are reserved so many at a time; what is left of the last block stays free.
BLOCK: Final = 500
#: Telephones of accounts: 154 is given out by no operator; the registry of residents begins lower (`census`).
FIRST_PHONE: Final = 15_450_000_000


class Keys:
    """Gives rows their keys before they are written."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._left: dict[type[models.Model], Iterator[int]] = {}

    def next(self, model: type[models.Model]) -> int:
        for _ in range(2):
            if (key := next(self._left.get(model, iter(())), None)) is not None:
                return key
            self._left[model] = iter(self._writer.ids(model, BLOCK))
        raise RuntimeError("a block of keys was empty")


Row = TypeVar("Row", bound=models.Model)


def maker(model: type[Row], *names: str) -> Callable[..., Row]:
    """Gives what makes unsaved rows from values for these columns (attnames, in this order); the rest is as by
    default. What `model(...)` makes, at a tenth of its cost: no signal, no question to each field.

    Raises ValueError where a column that is left out reckons its default anew for every row.
    """
    others = [field for field in model._meta.concrete_fields if field.attname not in names]
    if reckoned := [field.attname for field in others if field.has_default() and callable(field.default)]:
        raise ValueError(f"{model.__name__} wants {reckoned}")
    usual = {field.attname: field.get_default() for field in others}

    def make(*values: Any) -> Row:
        row = model.__new__(model)
        row._state = ModelState()
        row.__dict__.update(usual)
        row.__dict__.update(zip(names, values, strict=True))
        return row

    return make


class Accounts:
    """Makes unsaved accounts with keys; `write` writes those made since. place: which one of the database it is."""

    def __init__(self, writer: Writer, chance: random.Random, now: datetime, place: int) -> None:
        self.writer, self.chance, self.now, self.place = writer, chance, now, place
        self.keys = Keys(writer)
        self._no_password = make_password(None)
        self._password = make_password(signins.SIGN_IN_PASSWORD)
        self._given = FIRST_PHONE + User.objects.count()
        self._made: list[User] = []
        self._known: set[str] = set()

    def user(self, since: datetime, role: str = "", **more: Any) -> User:
        """An account, opened `since`. The first one of a role of the sign-in table has its number and password."""
        is_known = bool(role) and role not in self._known
        self._known.add(role)
        self._given += 1
        phone = signins.phone_of(role, self.place) if is_known else str(self._given)
        user = User(
            id=self.keys.next(User), phone=phone, phone_index=phone_index(phone), name=self.name(),
            password=self._password if is_known else self._no_password, joined_at=since, proved_at=self.now, **more,
        )  # fmt: skip
        self._made.append(user)
        return user

    def name(self) -> str:
        """Of two or three signs."""
        draw = self.chance.choice
        return draw(SURNAMES) + draw(FIRST) + (draw(SECOND) if self.chance.random() < 0.85 else "")

    def write(self) -> None:
        self.writer.write(User, self._made)
        self._made = []
