"""What a backup says about itself: what is in it, of which moment, and which keys open it.

`manifest.json` lists every file with size and SHA-256. `manifest.hmac` is keyed with the index key, which is never
changed: whoever can write into the folder of backups but does not hold the ring can alter nothing unnoticed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import IO, NamedTuple

from django.conf import settings

FORMAT = 1
NAME, SEAL = "manifest.json", "manifest.hmac"
MEDIA = "media"
PIECE = 1024 * 1024  # bytes


class Refused(Exception):
    """Nothing was done, or what was begun is undone; `str` says why, and what to do (Chinese)."""


class Entry(NamedTuple):
    """A file of the backup."""

    size: int  # bytes
    sha256: str  # 64 hex digits


@dataclass(frozen=True, slots=True)
class Manifest:
    """A backup in words and numbers; no personal data and no key."""

    format: int
    made_at: str  # ISO 8601 with zone
    version: str  # of the platform
    engine: str  # "postgresql" or "sqlite"
    server: str  # version of the database
    migrations: list[str]  # applied ones, "app.name"
    rows: dict[str, int]  # by table, of the moment of the backup
    keys: dict[str, str]  # fingerprints of the keys of the ring without which something stays closed
    files: dict[str, Entry]  # by path inside the backup
    gone: list[str]  # uploads that rows name and that were not on the disk


def fingerprint(key: str) -> str:
    """16 hex digits that tell a key of the ring (base64, 32 random bytes) from others and give nothing away."""
    return hashlib.sha256(b"wenshao key\0" + base64.b64decode(key)).hexdigest()[:16]


def measured(file: IO[bytes], into: IO[bytes] | None = None) -> Entry:
    """Size and checksum of what `file` still holds; it is written to `into` on the way. Raises OSError."""
    digest, size = hashlib.sha256(), 0
    while piece := file.read(PIECE):
        digest.update(piece)
        size += len(piece)
        if into is not None:
            into.write(piece)
    return Entry(size, digest.hexdigest())


def write(folder: Path, manifest: Manifest) -> None:
    """Both files, closed to others and on the disk before this returns."""
    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1).encode()
    for name, content in ((NAME, text), (SEAL, _seal(text).encode())):
        with create(folder / name) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def read(folder: Path) -> Manifest:
    """The manifest of a finished backup, if nobody altered it. Raises Refused."""
    try:
        text, seal = (folder / NAME).read_bytes(), (folder / SEAL).read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise Refused(f"{folder} 不是备份，或没有写完（缺 {NAME} 或 {SEAL}）。") from None
    if not hmac.compare_digest(_seal(text), seal):
        _say_which(text)
    said = json.loads(text)
    if said.get("format") != FORMAT:
        raise Refused(f"备份的格式是 {said.get('format')}，这个版本只认 {FORMAT}：请用更新的程序恢复。")
    known = {field.name: said[field.name] for field in fields(Manifest)}
    return Manifest(**known | {"files": {name: Entry(*of) for name, of in said["files"].items()}})


def is_backup(folder: Path) -> bool:
    """Whether a folder holds a backup, finished or on its way."""
    return (folder / SEAL).exists() or (folder.name.endswith(".partial") and (folder / ".lock").exists())


def create(path: Path) -> IO[bytes]:
    """A new file for the owner alone (0600). Raises FileExistsError."""
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")


def missing_keys(manifest: Manifest) -> Iterator[str]:
    """Names of keys that the backup needs and the ring does not hold, or holds another one under."""
    for name, print_ in manifest.keys.items():
        held = settings.FIELD_KEYS.get(name)
        if held is None or fingerprint(held) != print_:
            yield name


def _say_which(text: bytes) -> None:
    """Another index key, or another hand? The fingerprint tells; both are refused."""
    try:
        index = json.loads(text)["keys"]["index"]
    except (ValueError, KeyError, TypeError):
        index = None
    if index and index != fingerprint(settings.FIELD_KEYS["index"]):
        raise Refused(
            "密钥环里的 index 密钥不是做这份备份时的那一把：请先用 restore_keys 或 FIELD_KEYS 恢复密钥。"
        )
    raise Refused(f"{NAME} 与 {SEAL} 对不上：备份被改动过或已损坏，没有恢复任何内容。")


def _seal(text: bytes) -> str:
    key = base64.b64decode(settings.FIELD_KEYS["index"])
    return hmac.digest(key, b"wenshao backup\0" + text, "sha256").hex()
