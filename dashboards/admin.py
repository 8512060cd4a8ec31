"""The registry of this floor."""

from dashboards.patterns import admin as of_patterns

__all__ = ["of_patterns"]
