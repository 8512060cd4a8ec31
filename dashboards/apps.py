from django.apps import AppConfig


class DashboardsConfig(AppConfig):
    name = "dashboards"
    verbose_name = "数据看板"

    def ready(self) -> None:
        from accounts import stored
        from dashboards.stored import about

        stored.register(about)

        import dashboards.patterns.receivers  # noqa: F401 - patterns follow the tree
        import dashboards.patterns.telling  # noqa: F401 - whom their news is for
