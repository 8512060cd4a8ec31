"""Personal data at rest: authenticated encryption with a key ring, and a keyed hash to find it again.

A stored value reads `<cipher><key version>:<base64 of nonce + ciphertext + tag>`, e.g. `a1:…` (AES-256-GCM)
or `s1:…` (SM4-GCM). The additional data binds it to its model and field, so a value moved to another
column does not decrypt. The keys come from settings.FIELD_KEYS, never from the database.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from functools import lru_cache
from typing import Any, Self

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

log = structlog.get_logger(__name__)

NONCE_BYTES, TAG_BYTES = 12, 16
#: Longer than any `<cipher><version>` there will be: what is no sealed file is not read as one.
HEAD_BYTES = 12
_CIPHERS = {"a": (algorithms.AES, 32), "s": (algorithms.SM4, 16)}


class Undecipherable(ValueError):
    """No key of the ring opens the value, or it was changed or moved."""


class Unreadable(str):
    """What a column gives for a value that no key opens: empty, so that one such row does not break a list of
    fifty. Saving the row writes back what was stored: a key that is put back later opens it again."""

    stored: str

    def __new__(cls, stored: str) -> Self:
        made = super().__new__(cls, "")
        made.stored = stored
        return made


#: Stands where a mask would.
UNREADABLE = "（读不出）"


def _key(version: str, cipher: str) -> bytes:
    try:
        secret = settings.FIELD_KEYS[version]
    except KeyError:
        raise Undecipherable(f"no field key of version {version!r}") from None
    return _derived(secret, _CIPHERS[cipher][1])


@lru_cache(maxsize=32)
def _derived(secret: str, size: int) -> bytes:
    return hashlib.sha256(b"wenshao field " + base64.b64decode(secret)).digest()[:size]


def current_version() -> str:
    """The newest key of the ring: versions are whole numbers, the highest one encrypts."""
    versions = [name for name in settings.FIELD_KEYS if name.isdigit()]
    if not versions:
        raise ImproperlyConfigured("FIELD_KEYS holds no numbered key")
    return max(versions, key=int)


def current_head() -> str:
    """How a value begins that is sealed as it would be sealed now: `a2:`."""
    return f"{settings.FIELD_CIPHER}{current_version()}:"


def encrypt(value: str, bound_to: str) -> str:
    """Encrypt `value` for the place `bound_to` ("app.model.field")."""
    head, sealed = _seal(value.encode(), bound_to)
    return f"{head}:{base64.b64encode(sealed).decode()}"


def decrypt(stored: str, bound_to: str) -> str:
    """The plain value; raises Undecipherable."""
    head, _, body = stored.partition(":")
    try:
        sealed = base64.b64decode(body, validate=True)
    except ValueError:
        raise Undecipherable("not an encrypted value") from None
    return _open(head, sealed, bound_to).decode()


def seal(data: bytes, bound_to: str) -> bytes:
    """A whole file, sealed like a value but without base64: `<cipher><version>:` + nonce + ciphertext + tag.

    In memory: about three times its size while it runs, so for files up to some 50 MB. `bound_to` names what it
    belongs to ("app.model.field:key"); it opens for that only.
    """
    head, sealed = _seal(data, bound_to)
    return head.encode() + b":" + sealed


def unseal(stored: bytes, bound_to: str) -> bytes:
    """The file as it was given to `seal`; raises Undecipherable."""
    head, _, sealed = stored.partition(b":")
    return _open(head[:HEAD_BYTES].decode("ascii", "replace"), sealed, bound_to)


def _seal(data: bytes, bound_to: str) -> tuple[str, bytes]:
    """What stands before the colon, and nonce + ciphertext + tag."""
    cipher, version = settings.FIELD_CIPHER, current_version()
    nonce = os.urandom(NONCE_BYTES)
    sealer = Cipher(_CIPHERS[cipher][0](_key(version, cipher)), modes.GCM(nonce)).encryptor()
    sealer.authenticate_additional_data(bound_to.encode())
    sealed = sealer.update(data) + sealer.finalize()
    return f"{cipher}{version}", b"".join((nonce, sealed, sealer.tag))


def _open(head: str, sealed: bytes, bound_to: str) -> bytes:
    cipher, version = head[:1], head[1:]
    if cipher not in _CIPHERS or len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise Undecipherable("not an encrypted value")
    nonce, tag = sealed[:NONCE_BYTES], sealed[-TAG_BYTES:]
    opener = Cipher(_CIPHERS[cipher][0](_key(version, cipher)), modes.GCM(nonce, tag)).decryptor()
    opener.authenticate_additional_data(bound_to.encode())
    try:
        return opener.update(memoryview(sealed)[NONCE_BYTES:-TAG_BYTES]) + opener.finalize()
    except InvalidTag:
        raise Undecipherable("the value was changed, moved, or sealed with another key") from None


def blind_index(value: str, purpose: str) -> str:
    """64 hex digits by which an encrypted value is found again: HMAC-SHA256 with a key of its own."""
    key = base64.b64decode(settings.FIELD_KEYS["index"])
    return hmac.digest(key, f"{purpose}\0{value}".encode(), "sha256").hex()


def phone_index(phone: str) -> str:
    """The blind index of a phone number, the same in every table, so that people can be matched by it."""
    return blind_index(phone, "phone")


class EncryptedCharField(models.TextField):
    """A short text that is encrypted in the database and plain in Python. Cannot be filtered or sorted on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)

    @property
    def place(self) -> str:
        """What the values of this column are bound to."""
        return f"{self.model._meta.label_lower}.{self.name}"

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        if isinstance(value, Unreadable):
            return value.stored
        return encrypt(value, self.place) if value else value

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        if not value:
            return value
        try:
            return decrypt(value, self.place)
        except Undecipherable:
            log.error("a value is opened by no field key", place=self.place)
            return Unreadable(value)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name not in ("isnull", "exact"):
            raise TypeError(f"{self.name} is encrypted; search by its blind index")
        return super().get_lookup(lookup_name)


def masked_phone(phone: str) -> str:
    """138****5678; a short or foreign number keeps only its last two digits."""
    if isinstance(phone, Unreadable):
        return UNREADABLE
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) == 11 else f"****{phone[-2:]}"


def surname_only(name: str) -> str:
    """周** — how a requester is shown to those who may not see the name."""
    return f"{name[:1]}**" if name else "居民"
