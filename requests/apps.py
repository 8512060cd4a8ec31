import rest_framework.compat
from django.apps import AppConfig

# This package shadows PyPI's `requests`. DRF's optional import finds us and would then look for
# `requests.packages`; saying that the library is absent is the truth (docs/decisions.md).
rest_framework.compat.requests = None  # type: ignore[assignment]


class RequestsConfig(AppConfig):
    name = "requests"
    verbose_name = "诉求"

    def ready(self) -> None:
        from accounts import stored
        from requests import receivers  # noqa: F401
        from requests.stored import about

        stored.register(about)
