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
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

NONCE_BYTES, TAG_BYTES = 12, 16
_CIPHERS = {"a": (algorithms.AES, 32), "s": (algorithms.SM4, 16)}


class Undecipherable(ValueError):
    """No key of the ring opens the value, or it was changed or moved."""


def _key(version: str, cipher: str) -> bytes:
    try:
        secret = settings.FIELD_KEYS[version]
    except KeyError:
        raise Undecipherable(f"no field key of version {version!r}") from None
    return hashlib.sha256(b"wenshao field " + base64.b64decode(secret)).digest()[: _CIPHERS[cipher][1]]


def current_version() -> str:
    """The newest key of the ring: versions are whole numbers, the highest one encrypts."""
    versions = [name for name in settings.FIELD_KEYS if name.isdigit()]
    if not versions:
        raise ImproperlyConfigured("FIELD_KEYS holds no numbered key")
    return max(versions, key=int)


def encrypt(value: str, bound_to: str) -> str:
    """Encrypt `value` for the place `bound_to` ("app.model.field")."""
    cipher, version = settings.FIELD_CIPHER, current_version()
    nonce = os.urandom(NONCE_BYTES)
    sealer = Cipher(_CIPHERS[cipher][0](_key(version, cipher)), modes.GCM(nonce)).encryptor()
    sealer.authenticate_additional_data(bound_to.encode())
    sealed = sealer.update(value.encode()) + sealer.finalize()
    return f"{cipher}{version}:{base64.b64encode(nonce + sealed + sealer.tag).decode()}"


def decrypt(stored: str, bound_to: str) -> str:
    """The plain value; raises Undecipherable."""
    head, _, body = stored.partition(":")
    cipher, version = head[:1], head[1:]
    if cipher not in _CIPHERS or not body:
        raise Undecipherable("not an encrypted value")
    raw = base64.b64decode(body)
    nonce, sealed, tag = raw[:NONCE_BYTES], raw[NONCE_BYTES:-TAG_BYTES], raw[-TAG_BYTES:]
    opener = Cipher(_CIPHERS[cipher][0](_key(version, cipher)), modes.GCM(nonce, tag)).decryptor()
    opener.authenticate_additional_data(bound_to.encode())
    try:
        return (opener.update(sealed) + opener.finalize()).decode()
    except InvalidTag:
        raise Undecipherable("the value was changed, moved, or sealed with another key") from None


def blind_index(value: str, purpose: str) -> str:
    """64 hex digits by which an encrypted value is found again: HMAC-SHA256 with a key of its own."""
    key = base64.b64decode(settings.FIELD_KEYS["index"])
    return hmac.new(key, f"{purpose}\0{value}".encode(), hashlib.sha256).hexdigest()


def phone_index(phone: str) -> str:
    """The blind index of a phone number, the same in every table, so that people can be matched by it."""
    return blind_index(phone, "phone")


class EncryptedCharField(models.TextField):
    """A short text that is encrypted in the database and plain in Python. Cannot be filtered or sorted on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)

    @property
    def _place(self) -> str:
        return f"{self.model._meta.label_lower}.{self.name}"

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return encrypt(value, self._place) if value else value

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return decrypt(value, self._place) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name not in ("isnull", "exact"):
            raise TypeError(f"{self.name} is encrypted; search by its blind index")
        return super().get_lookup(lookup_name)


def masked_phone(phone: str) -> str:
    """138****5678; a short or foreign number keeps only its last two digits."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) == 11 else f"****{phone[-2:]}"


def surname_only(name: str) -> str:
    """周** — how a requester is shown to those who may not see the name."""
    return f"{name[:1]}**" if name else "居民"
