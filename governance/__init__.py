"""Wiring: settings, URLs, Celery, WSGI, ASGI, the API router. Holds no rule of the domain."""

from governance.celery import app as celery_app

__all__ = ("celery_app",)
