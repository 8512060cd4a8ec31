"""Logging: one line per event, readable on a terminal, JSON in production, never a phone or ID number."""

from typing import Any

import structlog

from ground.personal import without_numbers


def mask(text: str) -> str:
    """`text` with mobile numbers and 18-digit identity numbers blotted out."""
    return without_numbers(text, "●●●")


def without_personal_data(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    return {key: mask(value) if isinstance(value, str) else value for key, value in event.items()}


def configure(*, as_json: bool, level: str) -> dict[str, Any]:
    """Set structlog up and give Django's LOGGING dictionary, so both write the same lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    last: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    processors = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, without_personal_data, last]
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": processors,
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"level": level},
            "django.server": {"handlers": ["console"], "level": level, "propagate": False},
            "axes": {"level": "WARNING"},
            "kombu.connection": {"level": "ERROR"},  # the embedded broker has no host name, as it says
        },
    }
