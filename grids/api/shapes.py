"""How a person is told of over the API: masked. Whoever needs a number reveals it, with a reason."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from grids.models import Resident, SpecialGroup


class GroupSerializer(serializers.ModelSerializer[SpecialGroup]):
    class Meta:
        model = SpecialGroup
        fields = ["id", "name"]


class ResidentSerializer(serializers.ModelSerializer[Resident]):
    """`document` and `phone` are masked, and empty where nothing is stored. The day of birth is told as the age."""

    document = serializers.CharField(source="masked_document", read_only=True)
    phone = serializers.CharField(source="masked_phone", read_only=True)
    document_kind_label = serializers.CharField(source="get_document_kind_display", read_only=True)
    age = serializers.SerializerMethodField()
    relation_label = serializers.CharField(source="get_relation_display", read_only=True)
    residence_label = serializers.CharField(source="get_residence_display", read_only=True)
    standing_label = serializers.CharField(source="get_standing_display", read_only=True)
    place = serializers.SerializerMethodField()
    groups = serializers.SerializerMethodField()
    is_linked = serializers.SerializerMethodField()

    class Meta:
        model = Resident
        fields = [
            *["id", "name", "document_kind", "document_kind_label", "document", "phone", "age", "sex"],
            *["relation", "relation_label", "residence", "residence_label", "groups"],
            *["household", "place", "building", "grid", "district", "street", "community"],
            *["standing", "standing_label", "left_on", "is_linked", "entered_at", "changed_at"],
        ]
        read_only_fields = fields

    def get_age(self, row: Resident) -> int | None:
        return row.age()

    def get_place(self, row: Resident) -> str:
        return str(row.household) if row.household else ""

    @extend_schema_field(GroupSerializer(many=True))
    def get_groups(self, row: Resident) -> Any:
        return GroupSerializer(row.groups.all(), many=True).data

    def get_is_linked(self, row: Resident) -> bool:
        return row.user_id is not None
