"""API tokens: knox's, with the strength of the sign-in that they were given for."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication as KnoxTokenAuthentication

from accounts import devices
from accounts.models import ApiToken, User
from ground import clock


class TokenAuthentication(KnoxTokenAuthentication):
    """Sets `user.session_is_strong` and an empty `scope_cache`, as the middleware does for sessions."""

    def validate_user(self, auth_token: ApiToken) -> tuple[User, ApiToken]:
        user, token = super().validate_user(auth_token)
        is_fresh = (
            token.created + devices.TRUSTED_FOR > clock.now()
        )  # using a token prolongs it, not its strength
        user.session_is_strong = token.is_strong and is_fresh
        user.scope_cache = {}
        return user, token


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token <token>` from POST /api/v1/auth/token/",
        }
