"""The most queries that each page of the registry takes, session and account among them."""

PINNED: dict[str, int] = {}
