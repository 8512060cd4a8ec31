"""gunicorn's threads, which wait for a client for so long and no longer.

A thread reads a request on a blocking socket; gunicorn bounds neither the head nor the body of it. Sixteen clients
that send a letter now and then would hold all threads of two workers for ever. The reverse proxy reads requests whole
before it hands them on; this is for the day when it does not, or when somebody stands behind it.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

HEAD_SECONDS = 5.0
#: 80 MB of photos at 6 Mbit/s.
BODY_SECONDS = 120.0


class DeadlineWorker(ThreadWorker):
    """Whoever has not sent the head of his request, or the rest of it, in time is read no further."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.deadlines: dict[TConn, float] = {}

    def handle(self, conn: TConn) -> Any:
        self.deadlines[conn] = time.monotonic() + HEAD_SECONDS
        try:
            return super().handle(conn)
        finally:
            self.deadlines.pop(conn, None)

    def handle_request(self, req: Any, conn: TConn) -> Any:
        self.deadlines[conn] = time.monotonic() + BODY_SECONDS
        return super().handle_request(req, conn)

    def murder_pending(self) -> None:
        """In the main thread, every second at least. An answer that is being written goes out all the same."""
        super().murder_pending()
        now = time.monotonic()
        for conn, deadline in list(self.deadlines.items()):
            if deadline < now:
                self.deadlines.pop(conn, None)
                with suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RD)
