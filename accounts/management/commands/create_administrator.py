from __future__ import annotations

import getpass
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import signin
from ground.errors import RuleViolation


class Command(BaseCommand):
    help = (
        "Create the system administrator, or give the rights to an account that exists. "
        "The password is read from WENSHAO_ADMINISTRATOR_PASSWORD, or asked for."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--phone", required=True, help="mobile number, 11 digits; receives the second factor"
        )
        parser.add_argument("--name", default="系统管理员", help="name of a new account")

    def handle(self, *args: Any, phone: str, name: str, **options: Any) -> None:
        try:
            user, is_new = signin.make_administrator(phone=phone, name=name, password=self._password())
        except RuleViolation as refusal:
            raise CommandError(refusal.sentence) from refusal
        self.stdout.write(f"{'Created' if is_new else 'Changed'} the administrator {user.masked_phone}.")

    def _password(self) -> str:
        if given := os.environ.get("WENSHAO_ADMINISTRATOR_PASSWORD"):
            return given
        password = getpass.getpass("Password: ")
        if password != getpass.getpass("Again: "):
            raise CommandError("The two passwords differ.")
        return password
