"""Settings of the test suite: a var directory of its own, so that a running platform is never touched.

The database is SQLite in that directory unless WENSHAO_TEST_DATABASE_URL names a PostgreSQL server; with
WENSHAO_TEST_REDIS_URL cache and broker are Redis. `make test` sets neither, `make test-services` both.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

for _name in ("WENSHAO_MODE", "WENSHAO_DEBUG", "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_KEYS"):
    os.environ.pop(_name, None)
TEST_VAR = Path(tempfile.mkdtemp(prefix="wenshao-test-"))
atexit.register(shutil.rmtree, TEST_VAR, ignore_errors=True)
os.environ["WENSHAO_VAR"] = str(TEST_VAR)
for _outer, _inner in (
    ("WENSHAO_TEST_DATABASE_URL", "DATABASE_URL"),
    ("WENSHAO_TEST_REDIS_URL", "REDIS_URL"),
):
    if os.environ.get(_outer):
        os.environ[_inner] = os.environ[_outer]
if os.environ.get("REDIS_URL") and "PYTEST_XDIST_WORKER" in os.environ:
    # Emptying the cache empties a whole Redis database: every process of xdist gets its own.
    _base, _, _number = os.environ["REDIS_URL"].rpartition("/")
    os.environ["REDIS_URL"] = f"{_base}/{int(_number) + 1 + int(os.environ['PYTEST_XDIST_WORKER'][2:])}"

from governance.environment import PLANNING  # noqa: E402
from governance.settings import *  # noqa: E402, F403
from governance.settings import DATABASES, INSTALLED_APPS, PLAIN_STATIC, STORAGES  # noqa: E402

ON_POSTGRESQL = DATABASES["default"]["ENGINE"].endswith("postgresql")
if ON_POSTGRESQL:
    # What a test commits need not outlive a crash of the server, and compiling a query costs more than it answers.
    DATABASES["default"].setdefault("OPTIONS", {})["options"] = f"{PLANNING} -c synchronous_commit=off"
else:
    # A file, not memory: threads of live servers get connections and locks of their own.
    DATABASES["default"]["TEST"] = {"NAME": str(TEST_VAR / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
# The tables come straight from the models, which is quick; `make test-services` plays the migrations before the
# tests marked services, and the browser's platforms begin with them on both databases.
DATABASES["default"].setdefault("TEST", {})["MIGRATE"] = bool(os.environ.get("WENSHAO_TEST_MIGRATE"))
DATABASES["default"]["CONN_MAX_AGE"] = 0
STORAGES["staticfiles"] = {"BACKEND": PLAIN_STATIC}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = {"anon": None, "user": None}  # noqa: F405
INSTALLED_APPS.append("tests.lamps")  # a made-up machine for the step engine
