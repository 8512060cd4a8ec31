"""What a request looks like over the API: in a list, on its own, and what somebody sends to file one."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db.models import Q
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ground.showing import Shown
from requests import beside, clocks, photos, placing, powers, timeline, workflow
from requests.api import answers
from requests.api.dispatches import DispatchSerializer, PictureSerializer
from requests.forms import FORMS
from requests.models import Dispatch, ServiceRequest
from requests.presenting import asker_of
from requests.readers import INTERNAL, Reader, reader_of
from requests.states import State
from requests.tables import REQUESTS


def reads_internal(user: Any, row: ServiceRequest) -> bool:
    """Whether what the tiers ask and tell each other is for this reader. No query for a list."""
    return reader_of(row, user) is Reader.STAFF


#: The columns that `RequestSerializer` reads, of the row and of what it points at.
LISTED = (
    *(
        "number",
        "title",
        "text",
        "track",
        "state",
        "source",
        "outcome",
        "address",
        "whole",
        "reopened",
        "urges",
    ),
    *("urged_at", "supervised_at", "consent_kind", "submitter", "has_no_phone", "asker_name", "submitted_at"),
    *("accepted_at", "contacted_at", "resolved_at", "ended_at", "accept_due", "contact_due", "resolve_due"),
    *("due", "district", "street", "community", "category__code", "grid__name", "building__name"),
    *("handler__short_name", "responsible__name", "submitter__name"),
)


class RequestSerializer(Shown, serializers.ModelSerializer[ServiceRequest]):
    """One request in a list. `asker` is 你 for one's own, else 居民 with the surname only."""

    category = serializers.SlugRelatedField(slug_field="code", read_only=True)  # type: ignore[var-annotated]
    state_label = serializers.CharField(source="get_state_display", read_only=True)
    track_label = serializers.CharField(source="get_track_display", read_only=True)
    handler = serializers.CharField(source="handler.short_name", read_only=True)
    handler_id = serializers.IntegerField(read_only=True)
    place = serializers.CharField(read_only=True)
    is_overdue = serializers.BooleanField(read_only=True)
    is_part = serializers.BooleanField(read_only=True)
    consent_kind = serializers.SerializerMethodField(help_text="报请上级同意的事由，没有就是空；只给工作人员")
    responsible = serializers.SerializerMethodField()
    asker = serializers.SerializerMethodField()

    class Meta:
        model = ServiceRequest
        fields = [
            *["number", "title", "text", "category", "track", "track_label", "state", "state_label"],
            *["source", "asker", "place", "handler", "handler_id", "responsible", "outcome"],
            *["is_overdue", "is_part", "reopened", "urges", "urged_at", "supervised_at", "consent_kind"],
            *["submitted_at", "accepted_at", "contacted_at", "resolved_at", "ended_at"],
            *["accept_due", "contact_due", "resolve_due", "due"],
        ]
        read_only_fields = fields

    def get_responsible(self, row: ServiceRequest) -> str:
        return str(row.responsible) if row.responsible_id else ""

    def get_consent_kind(self, row: ServiceRequest) -> str:
        has_any = row.consent_kind and reads_internal(self.context["request"].user, row)
        return row.consent_kind if has_any else ""

    def get_asker(self, row: ServiceRequest) -> str:
        return asker_of(row, self.context["request"].user)


class EntrySerializer(Shown, serializers.Serializer[timeline.Entry]):
    """One line of the history, worded for whoever asks. Internal ones reach staff only."""

    step = serializers.CharField()
    title = serializers.CharField()
    at = serializers.DateTimeField()
    by = serializers.CharField()
    note = serializers.CharField()
    text = serializers.CharField()
    is_internal = serializers.SerializerMethodField()
    photos = PictureSerializer(many=True)

    def get_is_internal(self, entry: timeline.Entry) -> bool:
        return entry.step in INTERNAL


class PromiseSerializer(serializers.Serializer[dict[str, str]]):
    """What was promised, in words; empty where that clock has not begun."""

    accept = serializers.CharField()
    contact = serializers.CharField()
    resolve = serializers.CharField()


class RelativeSerializer(Shown, serializers.ModelSerializer[ServiceRequest]):
    """A request that belongs to this one, as far as the viewer has it in sight."""

    state_label = serializers.CharField(source="get_state_display", read_only=True)

    class Meta:
        model = ServiceRequest
        fields = ["number", "title", "state", "state_label"]
        read_only_fields = fields


class RequestDetailSerializer(RequestSerializer):
    is_paused = serializers.SerializerMethodField(help_text="等提出人补充，办理时限暂停")
    promise = serializers.SerializerMethodField()
    asker_name = serializers.SerializerMethodField(help_text="没有手机的提出人；只给看得到姓名的人")
    supervised_by = serializers.CharField(source="supervised_by.short_name", default="", read_only=True)
    consent_at = serializers.SerializerMethodField(help_text="等谁同意；只给工作人员")
    holds = serializers.SerializerMethodField(help_text="办结前要了结的事，只给工作人员")
    whole = serializers.SerializerMethodField()
    merged_into = serializers.SerializerMethodField()
    parts = serializers.SerializerMethodField()
    merged = serializers.SerializerMethodField()
    dispatches = serializers.SerializerMethodField()
    timeline = serializers.SerializerMethodField()
    steps = serializers.SerializerMethodField()
    not_yet = serializers.SerializerMethodField()

    class Meta(RequestSerializer.Meta):
        fields = [
            *RequestSerializer.Meta.fields,
            *["takeover_due", "asked_until", "lapse_due", "object_until", "reopen_until", "is_paused"],
            *["promise", "asker_name", "is_extended", "handed_down", "supervised_by", "consent_at"],
            *["holds", "whole", "merged_into", "parts", "merged", "dispatches"],
            *["timeline", "steps", "not_yet"],
        ]
        read_only_fields = fields

    @property
    def _user(self) -> Any:
        return self.context["request"].user

    def get_is_paused(self, row: ServiceRequest) -> bool:
        return row.state == State.ASKED

    @extend_schema_field(PromiseSerializer)
    def get_promise(self, row: ServiceRequest) -> Any:
        return {name: str(clocks.promised(row, name) or "") for name in ("accept", "contact", "resolve")}

    def get_asker_name(self, row: ServiceRequest) -> str:
        return row.asker_name if row.has_no_phone and powers.sees_name(self._user, row) else ""

    def get_holds(self, row: ServiceRequest) -> list[str]:
        return [hold.label for hold in row.holds.all()] if reads_internal(self._user, row) else []

    def get_consent_at(self, row: ServiceRequest) -> str:
        return row.consent_at.short_name if row.consent_at and reads_internal(self._user, row) else ""

    # What belongs together: one query, of what the viewer has in sight

    @cached_property
    def _family(self) -> list[ServiceRequest]:
        row: Any = self.instance
        if not (row.whole_id or row.merged_into_id or beside.has(row, "relatives")):
            return []
        related = Q(whole=row) | Q(merged_into=row) | Q(pk__in=[row.whole_id or 0, row.merged_into_id or 0])
        rows = ServiceRequest.objects.visible_to(self._user).filter(related)
        shown = ("number", "title", "state", "whole", "merged_into")
        return list(rows.only(*shown).order_by("submitted_at", "id"))

    def _number_of(self, pk: int | None) -> str:
        return next((each.number for each in self._family if each.pk == pk), "")

    def get_whole(self, row: ServiceRequest) -> str:
        return self._number_of(row.whole_id)

    def get_merged_into(self, row: ServiceRequest) -> str:
        return self._number_of(row.merged_into_id)

    @extend_schema_field(RelativeSerializer(many=True))
    def get_parts(self, row: ServiceRequest) -> Any:
        return RelativeSerializer([each for each in self._family if each.whole_id == row.pk], many=True).data

    @extend_schema_field(RelativeSerializer(many=True))
    def get_merged(self, row: ServiceRequest) -> Any:
        into = [each for each in self._family if each.merged_into_id == row.pk]
        return RelativeSerializer(into, many=True).data

    @extend_schema_field(DispatchSerializer(many=True))
    def get_dispatches(self, row: ServiceRequest) -> Any:
        if not beside.has(row, "dispatches"):
            return []
        rows = Dispatch.objects.visible_to(self._user).filter(service_request=row)
        found = list(rows.select_related("unit", "organization"))
        for each in found:
            each.service_request = row
        return DispatchSerializer(found, many=True, context=self.context).data

    @extend_schema_field(EntrySerializer(many=True))
    def get_timeline(self, row: ServiceRequest) -> Any:
        entries = timeline.entries_of(row, self._user)
        for entry in entries:
            entry.photos = [_api_links(photo) for photo in entry.photos]
        return EntrySerializer(entries, many=True).data  # type: ignore[arg-type]

    # The steps

    @cached_property
    def _offered(self) -> Any:
        row = self.instance
        return answers.open_and_refused(REQUESTS, FORMS, self._user, row, service_request=row)

    @extend_schema_field(answers.OpenStepSerializer(many=True))
    def get_steps(self, row: ServiceRequest) -> Any:
        return self._offered[0]

    @extend_schema_field(answers.RefusedStepSerializer(many=True))
    def get_not_yet(self, row: ServiceRequest) -> Any:
        return answers.RefusedStepSerializer(self._offered[1], many=True).data


def _api_links(photo: dict[str, str]) -> dict[str, str]:
    return {name: photo[name].replace("/requests/", "/api/v1/requests/", 1) for name in ("url", "thumb")}


class TakenSerializer(RequestDetailSerializer):
    """`troubles` names every photo that could not be read; the step is taken all the same."""

    troubles = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta(RequestDetailSerializer.Meta):
        fields = [*RequestDetailSerializer.Meta.fields, "troubles"]
        read_only_fields = fields


class FiledSerializer(TakenSerializer):
    """`query_code`: by number and code somebody without an account looks it up; shown to its filer, once."""

    query_code = serializers.CharField(read_only=True)

    class Meta(TakenSerializer.Meta):
        fields = [*TakenSerializer.Meta.fields, "query_code"]
        read_only_fields = fields


class AskSerializer(serializers.Serializer[Any]):
    """A place is needed: `place` (from /requests/places/), `building_token`, or `lng` and `lat`."""

    category = serializers.SlugField()
    text = serializers.CharField(max_length=workflow.TEXT_LENGTH)
    title = serializers.CharField(required=False, max_length=40)
    place = serializers.CharField(required=False, help_text="b:<楼栋> 或 c:<社区>")
    building_token = serializers.CharField(required=False, help_text="楼栋二维码里的口令")
    lng = serializers.FloatField(required=False)
    lat = serializers.FloatField(required=False)
    datum = serializers.ChoiceField(choices=["wgs84", "gcj02"], required=False)
    address = serializers.CharField(required=False, max_length=80)
    shares_phone = serializers.BooleanField(required=False, default=False)
    key = serializers.UUIDField(required=False, help_text="客户端键：同一个键重复提交只登记一次")
    other_phone = serializers.CharField(required=False, help_text="代点：他的手机号")
    other_name = serializers.CharField(required=False)
    without_phone = serializers.CharField(
        required=False, max_length=40, help_text="代点：没有手机的人的姓名，和他的手机号二选一"
    )
    photos = serializers.ListField(child=serializers.FileField(), required=False, max_length=photos.MOST)


class PlaceSerializer(serializers.Serializer[placing.Choice]):
    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    where = serializers.CharField()
