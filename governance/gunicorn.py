"""How gunicorn serves in production. Numbers come from the environment, see docs/operations.md."""

import os

bind = "0.0.0.0:" + os.environ.get("WENSHAO_PORT", "8000")  # noqa: S104 - inside a container
worker_class = "gthread"
workers = int(os.environ.get("WENSHAO_WEB_WORKERS", "2"))
threads = int(os.environ.get("WENSHAO_WEB_THREADS", "8"))
timeout = 60
graceful_timeout = 20
max_requests, max_requests_jitter = 5000, 500
worker_tmp_dir = "/dev/shm"  # noqa: S108 - heartbeat files, in memory
control_socket_disable = True
