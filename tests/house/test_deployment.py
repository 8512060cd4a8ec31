"""Container files: nothing has a default password, and every command they run does run here.

No Docker engine is needed: the files are read, and their commands are started in this environment.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands
from django.db import connection

from tests.house.checks import production

ROOT = Path(__file__).parents[2]
SECRETS = ("SECRET_KEY", "FIELD_KEYS", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "ALLOWED_HOSTS")
TOOLS = str(Path(sys.executable).parent)


def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def ours() -> dict[str, dict[str, Any]]:
    """The services that run our image."""
    return {name: service for name, service in compose()["services"].items() if "build" in service}


def argv(words: list[str]) -> list[str]:
    """A command with `${NAME:-default}` filled in as Compose does with an empty environment."""
    return [re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", word) for word in words]


def test_compose_has_every_part_of_the_platform():
    assert set(ours()) == {"migrate", "web", "worker", "beat"}
    assert {"postgres", "redis"} <= set(compose()["services"])
    assert set(compose()["volumes"]) == {"data", "postgres", "redis"}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_required_and_has_no_default(name):
    text = (ROOT / "docker-compose.yml").read_text()
    assert f"${{{name}:?" in text
    assert not re.search(rf"\$\{{{name}(:-|\}}|-)", text)
    assert re.search(rf"^{name}=$", (ROOT / ".env.example").read_text(), re.MULTILINE)


def test_everything_waits_for_the_migrations_and_has_a_health_check():
    for name in ("web", "worker", "beat"):
        condition = ours()[name]["depends_on"]["migrate"]["condition"]
        assert condition == "service_completed_successfully"
    for name in ("web", "worker", "postgres", "redis"):
        assert compose()["services"][name]["healthcheck"]["test"]


def test_the_image_is_built_in_stages_and_runs_without_root():
    stages = (ROOT / "Dockerfile").read_text().split("FROM ")[1:]
    assert len(stages) == 2
    assert "--require-hashes" in stages[0]
    assert re.search(r"^USER wenshao$", stages[-1], re.MULTILINE)
    assert "HEALTHCHECK" in stages[-1]
    assert not re.search(r"gcc|build-essential", "".join(stages))


def test_the_image_brings_the_client_programs_of_the_server_s_version():
    server = compose()["services"]["postgres"]["image"]
    version = re.fullmatch(r"postgres:(\d+)-alpine", server)[1]
    installed = re.findall(r"postgresql-client-(\d+)", (ROOT / "Dockerfile").read_text())
    assert installed == [version]


def test_the_image_fetches_the_front_end_files_and_leaves_node_behind():
    build, run = (ROOT / "Dockerfile").read_text().split("FROM ")[1:]
    fetched, collected = build.index("governance/front_end.py"), build.index("collectstatic")
    assert fetched < collected
    assert re.search(r"--require-hashes .*requirements-front\.lock", build)
    assert "/node" not in run
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert not {"package.json", "package-lock.json", "requirements-front.lock"} & set(ignored)
    assert "build" in ignored


def test_the_management_commands_named_in_the_files_exist():
    named = re.findall(r"manage\.py[ ,]+(\w+)", (ROOT / "docker-compose.yml").read_text())
    named += re.findall(r"manage\.py (\w+)", (ROOT / "Dockerfile").read_text())
    named += re.findall(r"manage\.py (\w+)", (ROOT / "Makefile").read_text())
    assert {"migrate", "begin_catalogue", "collectstatic", "load_demo", "up"} <= set(named)
    assert set(named) <= set(get_commands())


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A production environment on the services of this run, with an empty database of its own."""
    name = f"wenshao_compose_{os.getpid()}"
    default = settings.DATABASES["default"]
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    host = f"{default['HOST']}:{default['PORT']}"
    yield production(str(tmp_path)) | {
        "DATABASE_URL": f"postgres://{default['USER']}:{default['PASSWORD']}@{host}/{name}",
        "REDIS_URL": settings.REDIS_URL,
        "WENSHAO_STATIC_ROOT": str(tmp_path / "static"),
        "WENSHAO_PORT": "18473",
        "PATH": f"{TOOLS}:{os.environ['PATH']}",
    }
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def start(environ: dict[str, str]) -> Iterator[Callable[[list[str]], "subprocess.Popen[str]"]]:
    running: list[subprocess.Popen[str]] = []

    def begin(words: list[str]) -> "subprocess.Popen[str]":
        running.append(
            subprocess.Popen(
                argv(words),
                cwd=ROOT,
                env=environ,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        return running[-1]

    yield begin
    for process in running:
        process.terminate()
        process.communicate(timeout=30)


def said_until(process: "subprocess.Popen[str]", phrase: str) -> str:
    """The lines up to the one with `phrase`; fails with all of them if the process ends first."""
    lines = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if phrase in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_every_command_of_the_containers_runs_on_postgresql_and_redis(environ, start):
    services = ours()
    for words in (["python", "manage.py", "collectstatic", "--noinput"], services["migrate"]["command"]):
        done = subprocess.run(argv(words), cwd=ROOT, env=environ, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    web = start(services["web"]["command"])
    said_until(web, "Booting worker")
    healthy = services["web"]["healthcheck"]["test"][1:]
    limit = time.monotonic() + 30
    while subprocess.run(healthy, cwd=ROOT, env=environ, capture_output=True).returncode != 0:
        assert time.monotonic() < limit
        assert web.poll() is None
        time.sleep(0.5)

    said_until(start(services["worker"]["command"]), "ready.")
    said_until(start(services["beat"]["command"]), "beat: Starting...")
