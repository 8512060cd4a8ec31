from django.apps import AppConfig


class OrganizationsConfig(AppConfig):
    name = "organizations"
    verbose_name = "组织"

    def ready(self) -> None:
        from accounts import stored
        from organizations import receivers  # noqa: F401
        from organizations.stored import about

        stored.register(about)
