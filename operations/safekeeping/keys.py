"""The ring of field keys in a file of its own, apart from the data, under a passphrase.

Data and keys in one pair of hands are as good as data in the clear, so a file beside or inside a backup is refused.
SECRET_KEY is not kept: a new one signs everybody out and costs nothing else, an old one in a drawer opens sessions.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from django.conf import settings
from django.db import connection

from ground import rotation
from operations.safekeeping.manifest import Refused, create, fingerprint, is_backup

FORMAT = 1
#: 128 MB and about half a second for every try at the passphrase.
SCRYPT = {"n": 2**17, "r": 8, "p": 1}
SALT_BYTES, NONCE_BYTES, KEY_BYTES = 16, 12, 32
SHORTEST = 12  # characters of a passphrase
PLAIN = "FIELD_KEYS="


def backup_keys(path: Path, passphrase: str | None) -> dict[str, str]:
    """Write the ring of this configuration into a new file (0600); gives the fingerprints by name.

    Without a passphrase it is written in the clear, as a line for `.env`. Raises Refused.
    """
    _refuse_place(path)
    if passphrase is not None and len(passphrase) < SHORTEST:
        raise Refused(f"口令至少 {SHORTEST} 个字符：几个不相干的词连起来最好记。")
    ring = ",".join(f"{name}:{key}" for name, key in settings.FIELD_KEYS.items())
    text = f"{PLAIN}{ring}\n" if passphrase is None else json.dumps(_sealed(ring, passphrase), indent=1)
    try:
        with create(path) as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise Refused(f"{path} 已经存在，不会覆盖：请换一个名字。") from None
    except OSError as error:
        raise Refused(f"写不了 {path}：{error.strerror}") from None
    return {name: fingerprint(key) for name, key in settings.FIELD_KEYS.items()}


def is_sealed(path: Path) -> bool:
    """Whether a passphrase is needed. Raises Refused where the file cannot be read."""
    return not _text(path).startswith(PLAIN)


def open_keys(path: Path, passphrase: str | None) -> str:
    """The ring as FIELD_KEYS has it. Raises Refused for a wrong passphrase, or a file that was altered."""
    text = _text(path)
    ring = text.removeprefix(PLAIN).strip() if text.startswith(PLAIN) else _opened(text, passphrase or "")
    _entries(ring)
    return ring


def restore_keys(ring: str) -> bool:
    """Make it the ring of this machine; False where it already is. Processes have to be started again.

    Raises Refused where the environment gives the ring, or where another ring holds data that only it opens.
    """
    kept, wanted = rotation.ring_file(), _entries(ring)
    if all(settings.FIELD_KEYS.get(name) == key for name, key in wanted.items()):
        return False
    if kept is None:
        raise Refused("密钥由环境变量 FIELD_KEYS 提供：请用 --show 取出，写进 .env，再启动。")
    lost = {name for name, key in settings.FIELD_KEYS.items() if wanted.get(name) != key}
    if lost and _holds_sealed_values():
        raise Refused(
            "这台机器的密钥环里有文件中没有的密钥，而且数据库里已有用它加密的数据：没有更换。"
            "请在空数据库上恢复密钥，或手工合并两个密钥环。"
        )
    rotation.replace(kept, f"{ring}\n")
    return True


def _refuse_place(path: Path) -> None:
    """Keys and data never lie together. Raises Refused."""
    folder = path.resolve().parent
    if not folder.is_dir():
        raise Refused(f"{folder} 不存在或不是目录。")
    beside = (each for each in folder.iterdir() if each.is_dir())
    if any(map(is_backup, (folder, *folder.parents))) or any(map(is_backup, beside)):
        raise Refused("密钥不能和数据备份放在一起：请放到另一处，由另一人保管。")
    for data in (settings.VAR, settings.MEDIA_ROOT):
        if Path(data).resolve() in (folder, *folder.parents):
            raise Refused(f"密钥不能放在数据目录 {data} 里：请放到另一处，由另一人保管。")


def _sealed(ring: str, passphrase: str) -> dict[str, Any]:
    salt, nonce = os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
    head = {"wenshao_keys": FORMAT, "scrypt": SCRYPT, "salt": _text64(salt), "nonce": _text64(nonce)}
    sealed = AESGCM(_derived(passphrase, salt, SCRYPT)).encrypt(nonce, ring.encode(), _bound(head))
    return head | {"sealed": _text64(sealed)}


def _opened(text: str, passphrase: str) -> str:
    try:
        said = json.loads(text)
        head = {name: said[name] for name in ("wenshao_keys", "scrypt", "salt", "nonce")}
        salt, nonce, sealed = (base64.b64decode(said[name]) for name in ("salt", "nonce", "sealed"))
        if said["wenshao_keys"] != FORMAT or said["scrypt"] != SCRYPT:
            raise Refused("密钥文件的格式不认识：请用做这份文件的版本打开。")
        return AESGCM(_derived(passphrase, salt, SCRYPT)).decrypt(nonce, sealed, _bound(head)).decode()
    except InvalidTag:
        raise Refused("口令不对，或文件被改动过。") from None
    except (ValueError, KeyError, TypeError):
        raise Refused("这不是密钥文件，或已损坏。") from None


def _entries(ring: str) -> dict[str, str]:
    """The keys by name. Raises Refused for anything but numbers and `index` with 32 bytes each."""
    try:
        keys = dict(part.strip().split(":", 1) for part in ring.split(","))
        sizes = {len(base64.b64decode(key, validate=True)) for key in keys.values()}
    except ValueError:
        raise Refused("文件里不是一个完整的密钥环。") from None
    if sizes != {KEY_BYTES} or "index" not in keys or not any(name.isdigit() for name in keys):
        raise Refused("文件里不是一个完整的密钥环。")
    return keys


def _derived(passphrase: str, salt: bytes, scrypt: dict[str, int]) -> bytes:
    return Scrypt(salt=salt, length=KEY_BYTES, **scrypt).derive(passphrase.encode())


def _bound(head: dict[str, Any]) -> bytes:
    return json.dumps(head, sort_keys=True).encode()


def _text64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"读不了 {path}：{getattr(error, 'strerror', '不是文本')}") from None


def _holds_sealed_values() -> bool:
    """Whether any encrypted column of the database holds a value; a database without tables holds none."""
    tables = set(connection.introspection.table_names())
    return any(
        column.stored().exists() for column in rotation.columns() if column.model._meta.db_table in tables
    )
