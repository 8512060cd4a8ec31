"""One's own skills and free times."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from ground.answers import REFUSALS
from organizations.models import Skill
from volunteers.api.answers import valid
from volunteers.joining import profile
from volunteers.models import Volunteer
from volunteers.states import FreeTime
from volunteers.views.answering import volunteer_or_404


class SkillSerializer(serializers.ModelSerializer[Skill]):
    class Meta:
        model = Skill
        fields = ["id", "name"]


class ProfileSerializer(serializers.Serializer[Any]):
    """`registered` is what the Party register says; the rest is one's own word."""

    registered = SkillSerializer(many=True)
    skills = SkillSerializer(many=True)
    free_times = serializers.ListField(child=serializers.ChoiceField(choices=FreeTime.choices))
    choices = SkillSerializer(many=True, help_text="可以选的专长")


class DeclareSerializer(serializers.Serializer[Any]):
    """The whole of it: what is left out is taken back."""

    skills = serializers.PrimaryKeyRelatedField(queryset=Skill.objects.all(), many=True)
    free_times = serializers.ListField(child=serializers.ChoiceField(choices=FreeTime.choices))


class ProfileViewSet(ViewSet):
    """What one says of oneself, so that whistles are sorted by what fits. 404 for those who are no volunteers."""

    @extend_schema(responses=ProfileSerializer)
    def list(self, request: Request) -> Response:
        return Response(_said(volunteer_or_404(request.user)))

    @extend_schema(request=DeclareSerializer, responses={200: ProfileSerializer, **REFUSALS})
    def create(self, request: Request) -> Response:
        """Say it anew, as a whole."""
        volunteer = volunteer_or_404(request.user)
        profile.declare(volunteer, by=request.user, **valid(DeclareSerializer, request))
        return Response(_said(volunteer))


def _said(volunteer: Volunteer) -> Any:
    return ProfileSerializer(
        {
            "registered": volunteer.member.skills.all() if volunteer.member else [],
            "skills": volunteer.skills.all(),
            "free_times": volunteer.free_times,
            "choices": Skill.objects.all(),
        }
    ).data
