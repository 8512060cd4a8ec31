"""Start the embedded platform: web, worker and beat under one process manager."""

import http.client
import io
import os
import signal
import threading
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from rich.console import Console
from rich.table import Table

from governance.processes import LOOPBACK, AlreadyRunning, Manager, commands, free_port, hold_lock


class Command(BaseCommand):
    help = "Start web, worker and beat on this machine; Ctrl-C stops all of them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=int(os.environ.get("WENSHAO_PORT") or 8000))

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("`up` is for the embedded mode; in production run the compose services.")
        try:
            lock = hold_lock(settings.VAR / "up.lock")
        except AlreadyRunning as other:
            raise CommandError(
                f"The platform already runs on {settings.VAR} (process {other}). Stop it, or set WENSHAO_VAR."
            ) from None
        with lock:
            self.look_after(self.port(options["port"]))

    def port(self, wanted: int) -> int:
        try:
            found = free_port(wanted)
        except OSError as error:
            raise CommandError(str(error)) from None
        if found != wanted:
            self.say(f"Port {wanted} is taken, using {found}.")
        return found

    def look_after(self, port: int) -> None:
        environ = os.environ | {
            "PYTHONUNBUFFERED": "1",
            "WENSHAO_VAR": str(settings.VAR),
            # Containers and test machines run as root; the embedded worker takes no pickled messages.
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
        }
        manager = Manager(commands(port), say=self.say, environ=environ)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, manager.stop)
        threading.Thread(target=self.welcome, args=(port, manager.stopping), daemon=True).start()
        manager.run()
        self.say("Stopped.")

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def welcome(self, port: int, stopping: threading.Event) -> None:
        """Wait until the web answers, then print the address and, on a demo database, its sign-ins."""
        while not answers(port):
            if stopping.wait(0.3):
                return
        try:
            table = sign_in_table()
        finally:
            connection.close()
        self.say("")
        if table:
            self.say(drawn(table))
        self.say(f"闻哨 Wenshao answers at http://{LOOPBACK}:{port}/   Ctrl-C stops it.\n")


def drawn(table: Table) -> str:
    console = Console(width=110, record=True, file=io.StringIO())
    console.print(table)
    return console.export_text()


def answers(port: int) -> bool:
    """Does the health check on the loopback port say 200?"""
    web = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        web.request("GET", "/healthz")
        return web.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        web.close()


def sign_in_table() -> Table | None:
    """The demo's people and how each signs in; None where the database holds no demo."""
    rows = import_module("desk.demo").demo_signins() if find_spec("desk.demo") else []
    if not rows:
        return None
    table = Table(title="Demo sign-ins", title_justify="left")
    for row_number, row in enumerate(rows):
        if row_number == 0:
            for name in row:
                table.add_column(str(name), overflow="fold")
        table.add_row(*(str(value) for value in row.values()))
    return table
