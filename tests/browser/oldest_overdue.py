"""Which grid of the demo has the oldest overdue request, by SQL over the rows, beside the platform: `oldest.json`."""

from __future__ import annotations

import json
import os
from pathlib import Path

OLDEST = """
    SELECT g.id, g.name, c.short_name, s.short_name, r.number
    FROM requests_servicerequest r
    JOIN grids_grid g ON g.id = r.grid_id
    JOIN organizations_organization c ON c.id = r.community_id
    JOIN organizations_organization s ON s.id = r.street_id
    WHERE r.state IN ('submitted', 'accepted', 'in_progress', 'asked') AND r.whole_id IS NULL AND r.due < %s
    ORDER BY r.due LIMIT 1
"""


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")
    import django

    django.setup()
    from django.db import connection
    from django.utils import timezone

    with connection.cursor() as cursor:
        cursor.execute(OLDEST, [timezone.now()])
        grid, name, community, street, number = cursor.fetchone()
    found = {"grid": grid, "name": name, "community": community, "street": street, "number": number}
    (Path(os.environ["WENSHAO_VAR"]) / "oldest.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
