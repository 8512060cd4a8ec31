"""How gunicorn serves in production. Numbers come from the environment, see docs/operations.md."""

import gc
import os
from typing import Any

from governance.threads import DeadlineWorker

bind = "0.0.0.0:" + os.environ.get("WENSHAO_PORT", "8000")  # noqa: S104 - inside a container
worker_class = DeadlineWorker
workers = int(os.environ.get("WENSHAO_WEB_WORKERS", "2"))
threads = int(os.environ.get("WENSHAO_WEB_THREADS", "8"))
timeout = 60
graceful_timeout = 20
max_requests, max_requests_jitter = 5000, 500
# A worker that has answered its share is replaced in a moment: the platform is imported once, before they are forked.
preload_app = True
worker_tmp_dir = "/dev/shm"  # noqa: S108 - heartbeat files, in memory
control_socket_disable = True


def when_ready(server: Any) -> None:
    """Before the first worker is forked: all views are imported, and what was imported is looked through for garbage
    no more (a twentieth of the time), so that the workers go on sharing its memory."""
    from django.db import connections
    from django.urls import reverse

    reverse("healthz")
    connections.close_all()
    gc.collect()
    gc.freeze()


def post_worker_init(worker: Any) -> None:
    """Rarer than Python's 700 and often enough: at 20,000 a worker grew by 1.3 kB a call, at this by 0.2."""
    gc.set_threshold(5_000, 10, 10)
