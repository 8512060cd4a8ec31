from django.apps import AppConfig


class DashboardsConfig(AppConfig):
    name = "dashboards"
    verbose_name = "数据看板"

    def ready(self) -> None:
        from accounts import stored
        from dashboards.stored import about

        stored.register(about)
