"""Settings under which `migrate --run-syncdb` makes the tables straight from the models, in seconds: for the city
of a quick run, which nobody keeps.
"""

from governance.settings import *  # noqa: F403


class Nothing(dict[str, str | None]):
    """Every app is said to have no migrations."""

    def __contains__(self, app: object) -> bool:
        return True

    def __getitem__(self, app: str) -> None:
        return None


MIGRATION_MODULES = Nothing()
