#!/usr/bin/env python3
"""Entry of every management command: `python manage.py help`."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")
    from django.core.management import execute_from_command_line

    from ground.frames import with_room

    with_room(execute_from_command_line)(sys.argv)


if __name__ == "__main__":
    main()
