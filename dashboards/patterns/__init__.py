"""未诉先办: the same thing asked for again and again in one place becomes one request for its cause.

`counting` says what is a pattern, `finding` keeps the proposals as they are now (beat), `telling` says so to the
community, `deciding` files or dismisses; `reading` is what pages and API show.
"""

from dashboards.patterns.reading import excerpt

__all__ = ["excerpt"]
