"""API tokens: knox's, with the strength of the sign-in that they were given for."""

from __future__ import annotations

from hmac import compare_digest
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from knox.crypto import hash_token
from knox.settings import CONSTANTS
from rest_framework.exceptions import AuthenticationFailed

from accounts import devices
from accounts.models import ApiToken, User
from ground import clock
from ground.kept import Kept

_TOKENS = Kept(
    lambda key: ApiToken.objects.filter(token_key=key).order_by().select_related("user"), key="a token"
)


class TokenAuthentication(KnoxTokenAuthentication):
    """Sets `user.session_is_strong` and an empty `scope_cache`, as the middleware does for sessions."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, ApiToken]:
        """As knox does it, by a statement that is kept: every call over the API begins with it."""
        said = token.decode("utf-8", errors="replace")
        for known in _TOKENS(key=said[: CONSTANTS.TOKEN_KEY_LENGTH]):
            if not self._cleanup_token(known) and compare_digest(hash_token(said), known.digest):
                if known.expiry:
                    self.renew_token(known)
                return self.validate_user(known)
        raise AuthenticationFailed("令牌不对或已失效，请重新登录。")

    def _cleanup_token(self, auth_token: ApiToken) -> bool:
        """Only the token at hand is looked at: the others that have expired go with `accounts.tidy_up`."""
        is_expired = auth_token.expiry is not None and auth_token.expiry < clock.now()
        if is_expired:
            auth_token.delete()
        return is_expired

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
