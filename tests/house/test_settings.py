"""The two modes: what production insists on, what the embedded mode makes for itself once."""

import json
import os
import re
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from governance import environment

KEYS = environment.new_field_keys()
PRODUCTION = {
    "WENSHAO_MODE": "production",
    "DATABASE_URL": "postgres://wenshao:secret@db:5432/wenshao",
    "REDIS_URL": "redis://redis:6379/0",
    "SECRET_KEY": "x" * 64,
    "FIELD_KEYS": KEYS,
    "ALLOWED_HOSTS": "wenshao.example",
}
SHOW = """
import json
from governance import settings as s
print(json.dumps({
    "secret": s.SECRET_KEY, "keys": s.FIELD_KEYS, "debug": s.DEBUG, "hosts": s.ALLOWED_HOSTS,
    "engine": s.DATABASES["default"]["ENGINE"], "options": s.DATABASES["default"]["OPTIONS"],
    "cache": s.CACHES["default"]["BACKEND"], "broker": s.CELERY_BROKER_URL,
    "secure": getattr(s, "SESSION_COOKIE_SECURE", False),
}))
"""


def read_settings(var: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Import the settings in a process of its own, as every start of the platform does."""
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", SHOW],
        env=clean | {"WENSHAO_VAR": str(var)} | environ,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("missing", environment.REQUIRED_IN_PRODUCTION)
def test_production_refuses_to_start_and_names_what_is_missing(tmp_path, missing):
    answer = read_settings(tmp_path, **{k: v for k, v in PRODUCTION.items() if k != missing})
    assert answer.returncode == 1
    assert answer.stderr.strip() == (
        f"Wenshao does not start: WENSHAO_MODE=production needs {missing} in the environment."
    )


def test_production_names_every_missing_variable_at_once(tmp_path):
    answer = read_settings(tmp_path, WENSHAO_MODE="production")
    assert all(name in answer.stderr for name in environment.REQUIRED_IN_PRODUCTION)


def test_production_refuses_sqlite(tmp_path):
    answer = read_settings(tmp_path, **(PRODUCTION | {"DATABASE_URL": "sqlite:///x.sqlite3"}))
    assert "PostgreSQL" in answer.stderr


def test_an_unknown_mode_is_refused(tmp_path):
    assert "WENSHAO_MODE is 'staging'" in read_settings(tmp_path, WENSHAO_MODE="staging").stderr


@pytest.mark.parametrize(
    "ring",
    ["1:short,index:short", KEYS.split(",")[0], "index:" + KEYS.split(":")[-1], "x"],
    ids=["short", "no index", "index only", "no key"],
)
def test_a_key_ring_with_a_hole_is_refused(tmp_path, ring):
    assert "FIELD_KEYS" in read_settings(tmp_path, FIELD_KEYS=ring).stderr


def test_production_is_secure_and_uses_the_services(tmp_path):
    shown = json.loads(read_settings(tmp_path, **PRODUCTION, WENSHAO_DEBUG="1").stdout)
    assert shown["debug"] is False
    assert shown["secure"] is True
    assert shown["engine"].endswith("postgresql")
    assert shown["cache"].endswith("RedisCache")
    assert shown["broker"] == PRODUCTION["REDIS_URL"]
    assert shown["hosts"] == ["wenshao.example"]


def test_embedded_needs_nothing_and_answers_on_this_machine_only(tmp_path):
    shown = json.loads(read_settings(tmp_path).stdout)
    assert shown["debug"] is False
    assert shown["engine"].endswith("sqlite3")
    assert shown["options"]["transaction_mode"] == "IMMEDIATE"
    assert shown["broker"] == "filesystem://"
    assert set(shown["hosts"]) == {"localhost", "127.0.0.1", "[::1]"}


def test_keys_are_made_once_and_readable_by_the_owner_only(tmp_path):
    first, second = (json.loads(read_settings(tmp_path).stdout) for _ in range(2))
    assert first["secret"] == second["secret"]
    assert first["keys"] == second["keys"]
    for name in ("secret_key", "field_keys"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert read_settings(tmp_path / "other").stdout != read_settings(tmp_path).stdout


def test_processes_that_start_at_once_agree_on_the_keys(tmp_path):
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: read_settings(tmp_path).stdout, range(4)))
    assert len(set(answers)) == 1
    assert not list(tmp_path.glob(".*key*")), "no draft is left behind"


@pytest.mark.parametrize(
    ("url", "engine", "name"),
    [
        ("", "sqlite3", "/data/wenshao.sqlite3"),
        ("sqlite:///local.sqlite3", "sqlite3", "local.sqlite3"),
        ("sqlite:////srv/w.sqlite3", "sqlite3", "/srv/w.sqlite3"),
        ("postgres://u:p%40ss@db:5433/wen?sslmode=require", "postgresql", "wen"),
    ],
)
def test_database_urls(url, engine, name):
    parsed = environment.database(url, var=Path("/data"))
    assert parsed["ENGINE"].endswith(engine)
    assert parsed["NAME"] == name
    if engine == "postgresql":
        assert (parsed["PASSWORD"], parsed["PORT"]) == ("p@ss", "5433")
        assert parsed["OPTIONS"] == {"options": environment.PLANNING, "sslmode": "require"}


def test_every_variable_that_the_code_reads_is_explained():
    root = Path(__file__).parents[2]
    explained = (root / ".env.example").read_text() + (root / "docs" / "operations.md").read_text()
    packages = [path.parent for path in root.glob("*/apps.py")]
    code = "".join(path.read_text() for package in packages for path in package.rglob("*.py"))
    read = set(re.findall(r'"(WENSHAO_[A-Z_]+)"', code))
    assert "WENSHAO_MODE" in read
    assert read <= set(re.findall(r"WENSHAO_[A-Z_]+", explained))


def test_who_puts_pgbouncer_between_is_told_what_it_refuses() -> None:
    """It takes no startup parameters that it does not know: without this no connection comes about."""
    root = Path(__file__).parents[2]
    told = next(
        line for line in (root / "docs/operations.md").read_text().splitlines() if "PgBouncer" in line
    )
    names = re.findall(r"-c ([\w.]+)=([\w.]+)", environment.PLANNING)
    assert len(names) == environment.PLANNING.count("-c")
    of_own_sessions = {"plan_cache_mode", "wenshao.session"}  # nothing is prepared behind it (`ground.kept`)
    for name, value in names:
        is_told = f"ALTER DATABASE wenshao SET {name} = {value}" in told
        assert is_told == (name not in of_own_sessions), name
        assert name in told.partition("ignore_startup_parameters = options")[2]
