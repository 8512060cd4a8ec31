"""Calling the API as somebody."""

from __future__ import annotations

from typing import Any

from rest_framework.test import APIClient

V1 = "/api/v1"


def api(user: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client
