"""Signing in for programs: a code, a token (weak or strong), an end; and who I am."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter

from accounts import signin
from accounts.codes import Purpose, normal_phone, send_code
from accounts.models import ApiToken, User
from ground.answers import REFUSALS, RefusalSerializer
from ground.errors import RuleViolation


class PhoneSerializer(serializers.Serializer):
    phone = serializers.CharField(max_length=24, help_text="11 位手机号")

    def validate_phone(self, value: str) -> str:
        try:
            return normal_phone(value)
        except RuleViolation as refusal:
            raise serializers.ValidationError(refusal.sentence) from None


class CodeSerializer(PhoneSerializer):
    purpose = serializers.ChoiceField(choices=Purpose.choices, default=Purpose.SIGN_IN)


class TokenSerializer(PhoneSerializer):
    code = serializers.CharField(max_length=12)
    password = serializers.CharField(max_length=128, required=False, trim_whitespace=False)


class MeSerializer(serializers.ModelSerializer[User]):
    is_strong = serializers.BooleanField(source="session_is_strong", read_only=True)
    phone = serializers.CharField(source="masked_phone", read_only=True)

    class Meta:
        model = User
        fields = ["id", "name", "phone", "is_strong", "joined_at"]
        read_only_fields = fields


TOKEN = inline_serializer(
    "Token",
    {
        "token": serializers.CharField(),
        "expiry": serializers.DateTimeField(allow_null=True),
        "is_strong": serializers.BooleanField(),
    },
)


class AuthViewSet(viewsets.GenericViewSet):
    """Codes and tokens. Whoever asks for one is nobody yet: a token or session in the call is not looked at."""

    serializer_class = TokenSerializer

    def get_authenticators(self) -> list[Any]:
        is_asking = self.request is not None and self.request.method == "POST"
        return [] if is_asking else super().get_authenticators()

    def get_permissions(self) -> list[Any]:
        return [AllowAny()] if self.request.method == "POST" else [IsAuthenticated()]

    @extend_schema(operation_id="auth_code_create", request=CodeSerializer, responses={204: None, **REFUSALS})
    @action(detail=False, methods=["post"], serializer_class=CodeSerializer)
    def code(self, request: Request) -> Response:
        """Send a code by SMS; the answer is the same whether the number has an account or not."""
        wanted = self.get_serializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        send_code(**wanted.validated_data, address=request.META["REMOTE_ADDR"])
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="auth_token_create", responses={201: TOKEN, **REFUSALS, 429: RefusalSerializer}
    )
    @action(detail=False, methods=["post"])
    def token(self, request: Request) -> Response:
        """Number and code of purpose `sign_in` give a weak token. With the password, and a code of purpose
        `second` or of the authenticator app, it is a strong one: only that carries the powers of posts."""
        wanted = self.get_serializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        user, is_strong = _prove(request._request, **wanted.validated_data)
        row, token = ApiToken.objects.create(user=user, is_strong=is_strong)
        answer = {"token": token, "expiry": row.expiry, "is_strong": is_strong}
        return Response(answer, status=status.HTTP_201_CREATED)

    @extend_schema(operation_id="auth_token_destroy", request=None, responses={204: None})
    @token.mapping.delete
    def end(self, request: Request) -> Response:
        """End the token that the call is made with."""
        if isinstance(request.auth, ApiToken):
            request.auth.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class MeViewSet(viewsets.GenericViewSet):
    """Who the token or session belongs to, and whether it carries the powers of posts."""

    serializer_class = MeSerializer
    pagination_class = None
    filter_backends: list[Any] = []

    @extend_schema(operation_id="me_retrieve", responses=MeSerializer(many=False))
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: A003
        return Response(self.get_serializer(request.user).data)


def _prove(request: HttpRequest, *, phone: str, code: str, password: str | None = None) -> tuple[User, bool]:
    """The account, and whether both factors were shown; raises RuleViolation."""
    if password is None:
        user = signin.sign_in_with_code(phone=phone, code=code)
        if user.must_prove_identity:
            raise RuleViolation("账号超过 180 天没有登录，请先在网页上登录并核对身份。", field="phone")
        return user, False
    user = signin.sign_in_with_password(phone=phone, password=password, request=request)
    signin.pass_second_factor(user=user, token=code)
    return user, True


def register(router: DefaultRouter) -> None:
    router.register("auth", AuthViewSet, basename="auth")
    router.register("me", MeViewSet, basename="me")
