from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """What whoever runs the platform has in hand: simulator, benchmarks, doctor, backup. No models, no pages."""

    name = "operations"
    verbose_name = "运维"
