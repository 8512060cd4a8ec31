"""Rows that are only ever added: events, ledger entries, access log."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models

from ground import clock


class AppendOnlyError(RuntimeError):
    """Somebody tried to change history. A correction is a new row."""


class AppendOnlyQuerySet(models.QuerySet):
    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError(f"{self.model.__name__} rows are never changed")

    def delete(self) -> NoReturn:
        raise AppendOnlyError(f"{self.model.__name__} rows are never deleted")


class AppendOnly(models.Model):
    """Refuses every write but the first. Deleting by cascade is prevented with PROTECT on the foreign keys."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError(f"{type(self).__name__} rows are never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError(f"{type(self).__name__} rows are never deleted")


class Event(AppendOnly):
    """One step that was taken (RULES 0). The apps add `subject` and `by` (empty: the clock took it).

    `codes` holds choices and ids only; words and photos live in notes, which can be redacted.
    """

    step = models.CharField("步骤", max_length=24)
    source = models.CharField("原状态", max_length=16, blank=True)
    target = models.CharField("新状态", max_length=16)
    at = models.DateTimeField("时间", default=clock.now)
    codes = models.JSONField("代码", default=dict, blank=True)

    class Meta:
        abstract = True
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.step} {self.source or '·'}→{self.target}"
