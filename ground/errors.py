"""The two ways in which a verb says no. Being out of sight is neither: that is Http404."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.forms.forms import BaseForm


class RuleViolation(Exception):
    """A rule of the domain stands in the way. The sentence is Chinese and says what to do next.

    `field` names the form field that it belongs to, where there is one. Pages show it there or as a
    message; the API answers 409 with it.
    """

    def __init__(self, sentence: str, *, field: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field

    def add_to(self, form: BaseForm) -> None:
        """Put the sentence at its field, or above the form where the form has no such field."""
        form.add_error(self.field if self.field in form.fields else None, self.sentence)


class NoPower(PermissionDenied):
    """The thing is in sight, but no post of this person allows the step (403)."""

    def __init__(self, sentence: str = "你现在的岗位没有这项权限，请联系社区书记。") -> None:
        super().__init__(sentence)
        self.sentence = sentence
