"""What the settings read from outside: variables, database URLs, keys that are generated once."""

import base64
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

REQUIRED_IN_PRODUCTION = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_KEYS", "ALLOWED_HOSTS")
MODES = ("embedded", "production")
SQLITE_BUSY_SECONDS = 20
KEY_BYTES = 32
#: Our queries are short and join what they show. On a busy machine PostgreSQL took 40–160 ms to try all orders
#: of ten tables, and 1–10 ms to find the rows; the first four, among them those filtered by, it still orders itself.
#: Compiling a query never pays here. What is prepared (`ground.kept`) is planned once, whatever it is asked for; our
#: own mark says that the session is ours alone: a pool that hands it round does not pass it on.
PLANNING = " ".join(
    f"-c {said}"
    for said in (
        *("jit=off", "join_collapse_limit=4"),
        "random_page_cost=1.1",  # disks have no arms: few rows are found by index, not by reading all
        *("plan_cache_mode=force_generic_plan", "wenshao.session=own"),
    )
)


def refuse(sentence: str) -> None:
    """Stop the process with one sentence on stderr instead of a traceback."""
    sys.exit(f"Wenshao does not start: {sentence}")


def mode(environ: Mapping[str, str]) -> str:
    """`embedded` or `production`; anything else, or an incomplete production, refuses to start."""
    chosen = environ.get("WENSHAO_MODE", "embedded")
    if chosen not in MODES:
        refuse(f"WENSHAO_MODE is {chosen!r}, it must be one of {', '.join(MODES)}.")
    if chosen == "production":
        missing = [name for name in REQUIRED_IN_PRODUCTION if not environ.get(name, "").strip()]
        if missing:
            refuse(f"WENSHAO_MODE=production needs {', '.join(missing)} in the environment.")
        if not environ["DATABASE_URL"].startswith(("postgres://", "postgresql://")):
            refuse("WENSHAO_MODE=production needs a PostgreSQL DATABASE_URL (postgres://…).")
    return chosen


def flag(environ: Mapping[str, str], name: str, default: bool = False) -> bool:
    return environ.get(name, "1" if default else "0").strip().lower() in {"1", "true", "yes", "on"}


def words(environ: Mapping[str, str], name: str, default: str = "") -> list[str]:
    """A comma-separated variable as a list without blanks."""
    return [word.strip() for word in environ.get(name, default).split(",") if word.strip()]


def database(url: str, *, var: Path) -> dict[str, Any]:
    """Django's database dictionary from `postgres://…` or `sqlite:///path`; blank means SQLite in `var`."""
    parts = urlsplit(url or f"sqlite:///{var / 'wenshao.sqlite3'}")
    if parts.scheme == "sqlite":
        return _sqlite(unquote(parts.path)[1:])
    if parts.scheme not in {"postgres", "postgresql"}:
        refuse(f"DATABASE_URL begins with {parts.scheme!r}; postgres:// and sqlite:/// are understood.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # PgBouncer in transaction mode cannot keep a server-side cursor between statements.
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {"options": PLANNING, **dict(parse_qsl(parts.query))},
    }


def _sqlite(path: str) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            # Writers take their turn at BEGIN instead of failing half way through a transaction.
            "transaction_mode": "IMMEDIATE",
            "timeout": SQLITE_BUSY_SECONDS,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }


def kept(path: Path, make: Callable[[], str]) -> str:
    """The text of `path`, made and stored (0600) on first use; two first uses at once agree."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(make())
        try:
            os.link(draft, path)  # fails if another process was first, and is never half written
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def new_field_keys() -> str:
    """A first key for encrypted fields and one for their blind indexes: `1:<base64>,index:<base64>`."""
    return ",".join(
        f"{name}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}" for name in ("1", "index")
    )


def field_keys(text: str) -> dict[str, str]:
    """The key ring of `ground.fields`: base64 keys of 32 bytes by version number, and `index`.

    The highest version encrypts, the others still open what they sealed. Refuses a ring with a hole.
    """
    ring: dict[str, str] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, _, encoded = entry.partition(":")
        if not (name.isdigit() or name == "index") or not _is_key(encoded):
            refuse(f"FIELD_KEYS: the entry {name!r} is not `<number or index>:<32 bytes in base64>`.")
        ring[name] = encoded
    if "index" not in ring or len(ring) < 2:
        refuse("FIELD_KEYS must hold `<number>:<base64>` and `index:<base64>`, separated by a comma.")
    return ring


def _is_key(encoded: str) -> bool:
    try:
        return len(base64.b64decode(encoded, validate=True)) == KEY_BYTES
    except ValueError:
        return False


#: Subdomains that take turns in {s} of a tile address, unless WENSHAO_TILES_SUBDOMAINS names others.
TILE_SUBDOMAINS = "0,1,2,3,4,5,6,7"


def tiles(environ: Mapping[str, str]) -> dict[str, Any] | None:
    """The tile server under the maps: url with {x}, {y}, {z}, its subdomains, attribution, and the hosts behind it.

    None without WENSHAO_TILES_URL: maps lie on plain ground and ask nobody. Tiles must be WGS-84 or CGCS2000
    (天地图): less than a metre apart; those in GCJ-02 (高德, 腾讯) lie some 500 m beside our boundaries.
    """
    template = environ.get("WENSHAO_TILES_URL", "").strip()
    if not template:
        return None
    key = environ.get("WENSHAO_TILES_KEY", "").strip()
    parts = urlsplit(template)
    if parts.scheme not in {"http", "https"} or not parts.netloc or any(c in template for c in "\"'<> ;,"):
        refuse("WENSHAO_TILES_URL must be one http(s) address like https://host/{z}/{x}/{y}.png.")
    if missing := [name for name in ("{x}", "{y}", "{z}") if name not in template]:
        refuse(f"WENSHAO_TILES_URL lacks {', '.join(missing)}.")
    if "{key}" in template and not key:
        refuse("WENSHAO_TILES_URL has {key}, so WENSHAO_TILES_KEY must be in the environment.")
    subdomains = words(environ, "WENSHAO_TILES_SUBDOMAINS", TILE_SUBDOMAINS) if "{s}" in template else []
    origin = f"{parts.scheme}://{parts.netloc}"
    if "{" in origin.replace("{s}", ""):
        refuse("WENSHAO_TILES_URL may have {s} in its host, and nothing else in braces.")
    return {
        "url": template.replace("{key}", key),
        "subdomains": subdomains,
        "attribution": environ.get("WENSHAO_TILES_ATTRIBUTION", "").strip(),
        "hosts": [origin.replace("{s}", each) for each in subdomains] or [origin],
    }
