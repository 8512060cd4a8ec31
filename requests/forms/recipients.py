"""The field by which a recipient is chosen: a search among all the units of a district, and radio buttons.

Without JavaScript the button “查找” sends the form back with what was found; with htmx the list follows the typing.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.urls import reverse

from organizations.models import Organization, Unit
from requests import recipients
from requests.models import ServiceRequest

#: The button that asks for the list only; what was filled in stays.
LOOK = "look"


class RecipientPicker(forms.Widget):
    """A search box and the choices below it. They are looked up only when it is drawn."""

    service_request: ServiceRequest
    words = ""

    def id_for_label(self, id_: str | None, index: str | None = None) -> str:
        return f"{id_}_q"

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        context = {
            "name": name,
            "value": value,
            "words": self.words,
            "choices": offers(self.service_request, self.words, str(value or "")),
            "url": reverse("desk:dispatch_recipients", args=[self.service_request.number]),
            "attrs": attrs or {},
            "look": LOOK,
        }
        return render_to_string("desk/_recipients.html", context)


class RecipientField(forms.CharField):
    """Gives the Unit or Organization that "u:12" or "o:3" stands for, in the district of the request."""

    widget = RecipientPicker
    service_request: ServiceRequest

    def offer(self, service_request: ServiceRequest, words: str = "") -> None:
        """Choose for this request, among what these words find or those to whom this place sent before."""
        self.service_request = self.widget.service_request = service_request
        self.widget.words = words

    def clean(self, value: Any) -> Unit | Organization | None:
        text = super().clean(value)
        if not text:
            return None
        place = recipients.chosen(self.service_request, text)
        if place is None:
            raise forms.ValidationError("请从列表里选一个。")
        if why_not := recipients.nobody_answers(place):
            raise forms.ValidationError(why_not)
        return place


def offers(service_request: ServiceRequest, words: str, chosen: str = "") -> list[recipients.Recipient]:
    """The radio buttons for these words, with the one that is chosen among them."""
    found = (
        recipients.search(service_request, words) if words.strip() else recipients.suggested(service_request)
    )
    if chosen and chosen not in {each.value for each in found}:
        place = recipients.chosen(service_request, chosen)
        found = [recipients.recipient_of(place), *found] if place else found
    return found
