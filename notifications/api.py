"""Messages over the API: one's own inbox, newest first, and what one wants to be called for."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter
from rest_framework.viewsets import GenericViewSet

from ground.answers import REFUSALS
from notifications import inbox
from notifications import preferences as wishes
from notifications.forms import FIELDS
from notifications.models import Message, Preference


class MessageSerializer(serializers.ModelSerializer[Message]):
    """One line of the inbox; `steps` pieces of news of one matter stand in it. `url` is a page of the site."""

    class Meta:
        model = Message
        fields = ["id", "title", "text", "url", "is_urgent", "steps", "at", "read_at"]
        read_only_fields = fields


class InboxSerializer(serializers.Serializer[Any]):
    """`unread` is counted up to 100. `older` is the mark for `before` of the next page, "" at the end."""

    unread = serializers.IntegerField()
    older = serializers.CharField()
    results = MessageSerializer(many=True)


class PreferenceSerializer(serializers.ModelSerializer[Preference]):
    """Times of day in the city's clock. Urgent news and work reminders of a post know no switch."""

    must_hear_of_work = serializers.SerializerMethodField()

    class Meta:
        model = Preference
        fields = [*FIELDS, "must_hear_of_work"]

    def get_must_hear_of_work(self, row: Preference) -> bool:
        return wishes.must_hear_of_work(row.user)


UNREAD = inline_serializer("Unread", {"unread": serializers.IntegerField(help_text="最多数到 100")})
MARKED = inline_serializer("Marked", {"marked": serializers.IntegerField()})


class MessageViewSet(GenericViewSet[Message]):
    """One's own messages; another's is 404."""

    serializer_class = MessageSerializer
    queryset = Message.objects.none()
    pagination_class = None
    filter_backends: tuple[Any, ...] = ()
    lookup_value_regex = "[0-9]{1,18}"

    @extend_schema(
        operation_id="messages_list",
        parameters=[OpenApiParameter("before", str, description="上一页给的 older")],
        responses=InboxSerializer,
    )
    def list(self, request: Request) -> Response:  # noqa: A003
        """One page, newest first, as fast on the last page as on the first."""
        before = request.query_params.get("before", "")
        if before and not inbox.is_mark(before):
            raise ValidationError({"before": ["请用上一页给的 older。"]})
        page = inbox.page_of(request.user, before)
        found = {"unread": inbox.unread_count(request.user), "older": page.older, "results": page.messages}
        return Response(InboxSerializer(found).data)

    @extend_schema(responses=UNREAD)
    @action(detail=False, methods=["get"])
    def unread(self, request: Request) -> Response:
        """How many lines wait."""
        return Response({"unread": inbox.unread_count(request.user)})

    @extend_schema(request=None, responses=MessageSerializer)
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: str) -> Response:
        """Mark one as read; again: nothing changes."""
        try:
            message = inbox.mark_read(request.user, int(pk))
        except Message.DoesNotExist:
            raise Http404 from None
        message.refresh_from_db()
        return Response(MessageSerializer(message).data)

    @extend_schema(request=None, responses=MARKED)
    @action(detail=False, methods=["post"], url_path="read-all")
    def read_all(self, request: Request) -> Response:
        """Mark everything as read; says how many were not."""
        return Response({"marked": inbox.mark_all_read(request.user)})

    @extend_schema(operation_id="messages_preferences_retrieve", responses=PreferenceSerializer)
    @action(detail=False, methods=["get"], serializer_class=PreferenceSerializer)
    def preferences(self, request: Request) -> Response:
        """What I want to be called for; the inbox receives everything."""
        return Response(PreferenceSerializer(wishes.preference_of(self._user)).data)

    @extend_schema(
        operation_id="messages_preferences_update",
        request=PreferenceSerializer,
        responses={200: PreferenceSerializer, **REFUSALS},
    )
    @preferences.mapping.patch
    def change_preferences(self, request: Request) -> Response:
        """Say what is to change; what is not said stays."""
        kept = wishes.preference_of(self._user)
        given = PreferenceSerializer(kept, data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        wanted = {name: getattr(kept, name) for name in FIELDS} | given.validated_data
        return Response(PreferenceSerializer(wishes.change(by=self._user, **wanted)).data)

    @property
    def _user(self) -> Any:
        """The account behind the call; visitors are refused before."""
        return self.request.user


def register(router: BaseRouter) -> None:
    """Called by governance.api."""
    router.register("messages", MessageViewSet, "message")
