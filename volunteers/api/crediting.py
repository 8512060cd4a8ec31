"""Crediting by staff: the claims where one credits, attests or proposes, and the steps of judging them."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet, Sum
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from ground.answers import REFUSALS
from volunteers.accounting import crediting, ledger
from volunteers.api.answers import MomentField, valid
from volunteers.api.claims import ClaimSerializer, ClaimStepSerializer
from volunteers.api.service import LedgerEntrySerializer
from volunteers.models import Claim, Whistle
from volunteers.presence import attendance
from volunteers.presenting.evidence import Evidence, evidence_of_all
from volunteers.tables import CLAIMS

#: The steps of judging, as the table names them.
STEPS = ("attest", "propose", "credit", "refuse", "absent", "correct", "reverse")


class JudgedClaimSerializer(ClaimSerializer):
    """A claim as it is judged. `seen` goes back with a correction or reversal: sent twice, it is taken once."""

    volunteer = serializers.CharField(read_only=True)
    unit = serializers.CharField(source="volunteer.unit.name", read_only=True, default="")
    on_offer = serializers.SerializerMethodField(help_text="在场和服务时间重叠的分钟数")
    most = serializers.SerializerMethodField(help_text="最多能认定的分钟数")
    minutes = serializers.IntegerField(source="credited", allow_null=True, read_only=True)
    seen = serializers.IntegerField(read_only=True)
    doubt = serializers.SerializerMethodField(help_text="为什么认定要写理由；没有疑问的为空，单位联络员为空")
    hints = serializers.SerializerMethodField(
        help_text="认定前值得再看一眼的：补传、异常打卡、单位建议等；只给社区和网格看，单位联络员为空"
    )

    class Meta(ClaimSerializer.Meta):
        fields = [
            *ClaimSerializer.Meta.fields,
            *["volunteer", "unit", "on_offer", "most", "minutes", "seen"],
            *["judged_because", "proposed_minutes", "proposed_because", "doubt", "hints"],
        ]
        read_only_fields = fields

    def get_on_offer(self, row: Claim) -> int:
        return crediting.proposed_minutes(row)

    def get_most(self, row: Claim) -> int:
        return ledger.most_minutes(row)

    def get_doubt(self, row: Claim) -> str:
        found = self._evidence(row)
        return found.doubt if found else ""

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_hints(self, row: Claim) -> list[str]:
        found = self._evidence(row)
        return list(found.hints) if found else []

    def _evidence(self, row: Claim) -> Evidence | None:
        return self.context["evidence"].get(row.pk)


class JudgedClaimDetailSerializer(JudgedClaimSerializer):
    steps = serializers.SerializerMethodField()
    entries = LedgerEntrySerializer(many=True, read_only=True)

    class Meta(JudgedClaimSerializer.Meta):
        fields = [*JudgedClaimSerializer.Meta.fields, "steps", "entries"]
        read_only_fields = fields

    @extend_schema_field(ClaimStepSerializer(many=True))
    def get_steps(self, row: Claim) -> Any:
        offers = CLAIMS.offers(self.context["request"].user, row, STEPS)
        named = [
            {"name": offer.step.name, "label": offer.step.label, "why_not": offer.why_not} for offer in offers
        ]
        return ClaimStepSerializer(named, many=True).data  # type: ignore[arg-type]


class MinutesSerializer(serializers.Serializer[Any]):
    minutes = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=10_000)
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=100)


class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=100)


class ProposalSerializer(serializers.Serializer[Any]):
    minutes = serializers.IntegerField(min_value=0, max_value=10_000)
    reason = serializers.CharField(allow_blank=True, max_length=100)


class CorrectionSerializer(ProposalSerializer):
    seen = serializers.IntegerField(required=False, allow_null=True, min_value=0)


class ReversalSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(allow_blank=True, max_length=100)
    seen = serializers.IntegerField(required=False, allow_null=True, min_value=0)


class AttestationSerializer(serializers.Serializer[Any]):
    came_at = MomentField(required=False, allow_null=True)
    left_at = MomentField()


class CreditingViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Claim]):
    """接单认定: the claims of one's own communities and grids, and of the people of one's own unit."""

    queryset = Claim.objects.none()
    lookup_value_regex = "[0-9]+"
    filter_backends: list[Any] = []

    def get_queryset(self) -> QuerySet[Claim]:
        user = self.request.user
        rows = Claim.objects.filter(pk__in=Claim.objects.judgeable_by(user).values("pk"))
        if self.action == "list":
            kind = self.request.query_params.get("which", "waiting")
            own = {
                "judged": rows.judged_by(user),
                "present": rows.awaiting_attest_by(user),
                "unit": rows.of_own_units(user),
            }
            rows = own.get(kind, rows.awaiting_credit_by(user))
        read = rows.select_related("whistle__community", "volunteer__member__unit", "volunteer__user")
        return read.annotate(credited=Sum("entries__minutes"), seen=Count("entries")).order_by(
            "-whistle__starts_at", "-id"
        )

    def get_serializer_class(self) -> Any:
        return JudgedClaimSerializer if self.action == "list" else JudgedClaimDetailSerializer

    @extend_schema(
        parameters=[
            OpenApiParameter("which", str, enum=["waiting", "judged", "present", "unit"], default="waiting")
        ]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Those that wait to be credited; `judged`: those that were; `present`: those to attest; `unit`: of one's own
        unit."""
        page = self.paginate_queryset(self.get_queryset()) or []
        context = {"request": request, "evidence": _evidence_for(request.user, page)}
        return self.get_paginated_response(JudgedClaimSerializer(page, many=True, context=context).data)

    @extend_schema(responses=JudgedClaimDetailSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One of them, with the steps that the caller may take and its entries."""
        return self._shown(request, self.get_object())

    def _answer(self, request: Request, pk: str) -> Response:
        return self._shown(request, self.get_queryset().get(pk=pk))

    def _shown(self, request: Request, row: Claim) -> Response:
        context = {"request": request, "evidence": _evidence_for(request.user, [row])}
        return Response(JudgedClaimDetailSerializer(row, context=context).data)

    @extend_schema(request=MinutesSerializer, responses={200: JudgedClaimDetailSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def credit(self, request: Request, pk: str) -> Response:
        """认定: as the presence says, or so many minutes with a reason."""
        crediting.credit(self.get_object(), by=request.user, **valid(MinutesSerializer, request))
        return self._answer(request, pk)

    @extend_schema(request=ReasonSerializer, responses={200: JudgedClaimDetailSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, pk: str) -> Response:
        """不予认定, with a reason."""
        crediting.refuse(self.get_object(), by=request.user, **valid(ReasonSerializer, request))
        return self._answer(request, pk)

    @extend_schema(request=ReasonSerializer, responses={200: JudgedClaimDetailSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def absent(self, request: Request, pk: str) -> Response:
        """记缺席."""
        crediting.absent(self.get_object(), by=request.user, **valid(ReasonSerializer, request))
        return self._answer(request, pk)

    @extend_schema(request=CorrectionSerializer, responses={200: JudgedClaimDetailSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def correct(self, request: Request, pk: str) -> Response:
        """更正 to so many minutes in all, with a reason."""
        crediting.correct(self.get_object(), by=request.user, **valid(CorrectionSerializer, request))
        return self._answer(request, pk)

    @extend_schema(request=ReversalSerializer, responses={200: JudgedClaimDetailSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def reverse(self, request: Request, pk: str) -> Response:
        """冲销, with a reason."""
        crediting.reverse(self.get_object(), by=request.user, **valid(ReversalSerializer, request))
        return self._answer(request, pk)

    @extend_schema(request=ProposalSerializer, responses={200: JudgedClaimDetailSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def propose(self, request: Request, pk: str) -> Response:
        """建议时长, by the liaison of the volunteer's unit."""
        crediting.propose(self.get_object(), by=request.user, **valid(ProposalSerializer, request))
        return self._answer(request, pk)

    @extend_schema(request=AttestationSerializer, responses={200: JudgedClaimDetailSerializer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def attest(self, request: Request, pk: str) -> Response:
        """确认到场, from when to when."""
        attendance.attest(self.get_object(), by=request.user, **valid(AttestationSerializer, request))
        return self._answer(request, pk)


def _evidence_for(user: Any, page: list[Claim]) -> dict[int, Evidence]:
    """By id of the claim, where the user's posts are at its whistle: hints name other people who were there, so
    the liaison of a unit reads none, as on the pages. Four queries, however many claims."""
    whistles = Whistle.objects.in_sight_of_staff(user).filter(pk__in={claim.whistle_id for claim in page})
    seen = set(whistles.values_list("pk", flat=True))
    return {each.claim.pk: each for each in evidence_of_all(row for row in page if row.whistle_id in seen)}
