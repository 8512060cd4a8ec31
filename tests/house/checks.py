"""The checks of `make check` that need the project itself: migrations, deployment, schema, sizes.

Run with `python -m tests.house.checks`; prints what is wrong and ends with 1.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from governance import environment

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "governance",
    "operations",
    "desk",
    "dashboards",
    "volunteers",
    "requests",
    "grids",
    "notifications",
)
PACKAGES += ("organizations", "accounts", "ground", "tests")
LONGEST_FILE = 400  # lines


def too_long() -> list[str]:
    """Python, CSS and JS files of ours past LONGEST_FILE lines, migrations apart."""
    found = []
    for top in (*PACKAGES, "static"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix not in {".py", ".css", ".js"} or "migrations" in path.parts:
                continue
            if (lines := len(path.read_text().splitlines())) > LONGEST_FILE:
                found.append(f"{path.relative_to(ROOT)} has {lines} lines, {LONGEST_FILE} is the most")
    return found


def clean_environment(**extra: str) -> dict[str, str]:
    dropped = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_KEYS", "ALLOWED_HOSTS")
    kept = {k: v for k, v in os.environ.items() if k not in dropped and not k.startswith("WENSHAO_")}
    return kept | {"DJANGO_SETTINGS_MODULE": "governance.settings"} | extra


def production(var: str) -> dict[str, str]:
    """Variables of a production start that reach no service."""
    return clean_environment(
        WENSHAO_MODE="production",
        WENSHAO_VAR=var,
        DATABASE_URL="postgres://wenshao:none@127.0.0.1:1/wenshao",
        REDIS_URL="redis://127.0.0.1:1/0",
        SECRET_KEY="-".join("q7Zr" for _ in range(15)) + "abcdefghijklm",
        FIELD_KEYS=environment.new_field_keys(),
        ALLOWED_HOSTS="wenshao.example",
    )


def manage(name: str, environ: dict[str, str], *arguments: str) -> list[str]:
    """Run a management command; its output if it failed."""
    print(f"manage.py {' '.join(arguments)}  ({name})", flush=True)
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=environ, capture_output=True, text=True
    )
    return [] if done.returncode == 0 else [f"{name}: {' '.join(arguments)}\n{done.stdout}{done.stderr}"]


def main() -> int:
    with tempfile.TemporaryDirectory() as var:
        embedded = clean_environment(WENSHAO_VAR=var)
        schema = str(Path(var) / "schema.yaml")
        wrong = [
            *too_long(),
            *manage("embedded", embedded, "makemigrations", "--check", "--dry-run"),
            *manage("embedded", embedded, "check", "--fail-level", "WARNING"),
            *manage("production", production(var), "check", "--deploy", "--fail-level", "WARNING"),
            *manage("embedded", embedded, "spectacular", "--validate", "--fail-on-warn", "--file", schema),
        ]
    print("\n".join(wrong) or "All checks passed.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
