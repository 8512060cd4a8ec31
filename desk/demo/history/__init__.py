"""A year of history for the demo: requests, whistles and registrations of all communities, written in bulk.

Lives are plain data (`lives`): invented by `seasons`, `inventing`, `special` and `callings` for the people of
`crowd`, played by the tables of the platform (`playing`, `serving`) and written in few statements (`writing`).
"""

from desk.demo.history.year import Year

__all__ = ["Year"]
