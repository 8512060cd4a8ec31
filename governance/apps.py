from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class GovernanceConfig(AppConfig):
    name = "governance"
    verbose_name = "闻哨"


class RegistryConfig(AdminConfig):
    """Django's admin under our own site, so that `@admin.register` lands there."""

    default_site = "governance.admin_site.RegistrySite"
