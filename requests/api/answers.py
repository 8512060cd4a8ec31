"""Between JSON and the forms of the steps: what was sent, what a step needs, what stands in the way of one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import Http404
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from ground.steps import Machine, Offer
from requests import photos
from requests.forms.recipients import RecipientField, offers
from requests.states import ContactBy, Grade, Outcome, Track

# Shapes


class StepFieldSerializer(serializers.Serializer[dict[str, Any]]):
    """`is_looked_up`: the choices are places, units or people; GET the step to read them."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    required = serializers.BooleanField()  # type: ignore[assignment]
    is_looked_up = serializers.BooleanField()
    choices = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))


class OpenStepSerializer(serializers.Serializer[dict[str, Any]]):
    """A step open to whoever asks, and what it needs. Steps without a form begin elsewhere (whistle)."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    tone = serializers.CharField()
    intro = serializers.CharField()
    takes_photos = serializers.BooleanField()
    is_one_tap = serializers.BooleanField(help_text="没有要填的，空着提交")
    fields = StepFieldSerializer(many=True)  # type: ignore[assignment]


class RefusedStepSerializer(serializers.Serializer[Offer]):
    """A step that whoever asks may take, but not now: the sentence says why."""

    name = serializers.CharField(source="step.name")
    label = serializers.CharField(source="step.label")  # type: ignore[assignment]
    why_not = serializers.CharField()


class _WithPhotos(serializers.Serializer[Any]):
    photos = serializers.ListField(child=serializers.FileField(), required=False, max_length=photos.MOST)


class StepInputSerializer(_WithPhotos):
    """What the steps take; which ones a step needs is listed in `steps`. One-tap steps take nothing."""

    text = serializers.CharField(
        required=False,
        help_text="add, answer, ask, contact, explain, dispatch, hand_down, resolve, complete, rate, call_back, "
        "supervise, note; accept 可不写",
    )
    reason = serializers.CharField(
        required=False,
        help_text="decline, escalate, propose_hand_down, extend, deny, reopen, object; withdraw 可不写",
    )
    track = serializers.ChoiceField(choices=Track.choices, required=False, help_text="accept")
    how = serializers.ChoiceField(choices=ContactBy.choices, required=False, help_text="contact")
    responsible = serializers.IntegerField(required=False, help_text="handle")
    outcome = serializers.ChoiceField(choices=Outcome.choices, required=False, help_text="resolve, complete")
    satisfied = serializers.IntegerField(
        required=False, min_value=1, max_value=5, help_text="rate, call_back"
    )
    contacted = serializers.BooleanField(required=False, help_text="rate, call_back")
    solved = serializers.BooleanField(required=False, help_text="rate, call_back")
    target = serializers.CharField(required=False, help_text="merge：主件的编号")
    parts = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="split：一项一件；也可以是一行一件的文字"
    )
    unit = serializers.IntegerField(required=False, help_text="dispatch：单位，和党组织二选一")
    organization = serializers.IntegerField(required=False, help_text="dispatch：党组织")
    grade = serializers.ChoiceField(choices=Grade.choices, required=False, help_text="dispatch")
    answer_by = serializers.DateField(required=False, help_text="dispatch：哪天下班前回复")
    child = serializers.IntegerField(required=False, help_text="hand_down, propose_hand_down：下级党组织")
    new_due = serializers.DateField(required=False, help_text="extend：延到哪天")


class DispatchStepInputSerializer(_WithPhotos):
    """What the steps of a dispatch take. sign and arrive take nothing."""

    text = serializers.CharField(required=False, help_text="answer；contact, confirm 可不写")
    reason = serializers.CharField(required=False, help_text="give_back, reject, recall")
    how = serializers.ChoiceField(choices=ContactBy.choices, required=False, help_text="contact")
    answer_by = serializers.DateField(required=False, help_text="reject：空着是 3 个工作日")
    timely = serializers.IntegerField(required=False, min_value=1, max_value=5, help_text="confirm")
    effective = serializers.IntegerField(required=False, min_value=1, max_value=5, help_text="confirm")
    attitude = serializers.IntegerField(required=False, min_value=1, max_value=5, help_text="confirm")


# What was sent


def mapping(request: Request) -> Mapping[str, Any]:
    if not isinstance(request.data, Mapping):
        raise ValidationError({"detail": ["请发送一个 JSON 对象。"]})
    return request.data


def plain(given: Mapping[str, Any]) -> dict[str, Any]:
    """Values as forms read them, which is as words; files are taken apart from the rest. A list of texts becomes
    lines."""
    found = {name: given.get(name) for name in given if name != "photos"}
    texts = given.getlist("parts") if hasattr(given, "getlist") else found.get("parts")
    if "parts" in found and isinstance(texts, list) and (len(texts) > 1 or texts is found["parts"]):
        found["parts"] = "\n".join(" ".join(str(text).split()) for text in texts)
    return {name: value if value in (None, [], {}) else str(value) for name, value in found.items()}


def checked(form: Any) -> None:
    if not form.is_valid():
        raise ValidationError(form.errors)


def uuid_of(value: str) -> uuid.UUID:
    try:
        return uuid.UUID(value)
    except ValueError:
        raise Http404 from None


# What a step needs


def described(step: Any, form: Any, *, in_full: bool = False, words: str = "") -> dict[str, Any]:
    """A step in the shape of OpenStepSerializer; `in_full` reads the choices that are looked up, too: those
    that the words find where there are too many to list (recipients of a dispatch)."""
    return {
        "name": step.name,
        "label": step.label,
        "tone": step.tone,
        "intro": getattr(form, "intro", ""),
        "takes_photos": bool(form and form.takes_photos),
        "is_one_tap": form is not None and not form.fields,
        "fields": [_field(name, field, in_full, words) for name, field in form.fields.items()]
        if form
        else [],
    }


def _field(name: str, field: forms.Field, in_full: bool, words: str) -> dict[str, Any]:
    is_looked_up = isinstance(field, forms.ModelChoiceField | RecipientField)
    choices: Any = []
    if isinstance(field, RecipientField):
        found = offers(field.service_request, words) if in_full else []
        choices = [(each.value, each.label) for each in found if not each.trouble]
    elif in_full or not is_looked_up:
        choices = getattr(field, "choices", [])
    return {
        "name": name,
        "label": field.label or name,
        "required": field.required,
        "is_looked_up": is_looked_up,
        "choices": [[str(value), str(label)] for value, label in choices if str(value)],
    }


def open_and_refused(
    machine: Machine, shapes: Mapping[str, Any], user: Any, thing: Any, **arguments: Any
) -> tuple[list[dict[str, Any]], list[Offer]]:
    """The steps that the user can take now, described, and those that something stands in the way of."""
    offers = machine.offers(user, thing)
    can_take = []
    for offer in offers:
        if not offer.why_not:
            shape = shapes.get(offer.step.name)
            form = shape(viewer=user, **arguments) if shape else None
            can_take.append(described(offer.step, form))
    return can_take, [offer for offer in offers if offer.why_not]
