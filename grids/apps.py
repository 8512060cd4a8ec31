from django.apps import AppConfig


class GridsConfig(AppConfig):
    name = "grids"
    verbose_name = "网格"

    def ready(self) -> None:
        from accounts import stored
        from grids import audit, receivers  # noqa: F401
        from grids.stored import about

        audit.register()
        stored.register(about)
