"""Keys: what lies encrypted can be opened, is found by its hash, and the keys are nobody else's to read."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from grids.particulars import document_index
from ground.fields import HEAD_BYTES, Undecipherable, current_head, decrypt, phone_index
from ground.rotation import BATCH, Column, columns, ring_file
from operations.doctor.checks.files import file_fields
from operations.doctor.findings import Finding, Level, error, of_rows, of_sentences, warning
from operations.doctor.registry import Ask, check

#: So many values of a column are opened where not all are asked for.
SAMPLE = 300
ROTATE = (
    "没有进程还在用旧密钥以后（都重启过），运行 manage.py rotate_field_keys；旧密钥先留在 FIELD_KEYS 里。"
)
LOST = "把缺的密钥从备份放回 FIELD_KEYS 再重启；密钥都在，就是数据被改动过，从备份恢复这些行。"
AGAIN = "在登记页面重新保存这一行；数据库被直接改过的，从备份恢复。"
#: Encrypted column → how the index beside it is made of the clear value.
INDEXES: dict[str, Callable[[str], str]] = {"phone": phone_index, "document_number": document_index}


@check(
    "keys",
    "密钥",
    cost="每个加密列一次分组和一次抽查（300 个值）；--all-values 打开每一个：10 万个值约 3 秒",
)
def keys(ask: Ask) -> Iterator[Finding]:
    """Every stored value opens with a key of the ring and none lies open; old keys are in use no more; the keyed hash
    by which people are found is that of the value; the files of keys are closed to others."""
    for column in columns():
        yield from _heads(column)
        yield from _values(column, ask)
    yield from _sealed_files()
    yield from _key_files()


def _heads(column: Column) -> Iterator[Finding]:
    """How many values lie under which key, without opening one."""
    for head, count in column.by_head().items():
        if not head:
            yield error(f"{column} 有 {count} 个值没有加密", "先查是谁绕过平台写的；再从备份恢复。")
        elif head[1:-1] not in settings.FIELD_KEYS:
            yield error(f"{column} 有 {count} 个值要用 {head[1:-1]} 号密钥，FIELD_KEYS 里没有", LOST)
        elif head != current_head():
            yield warning(f"{column} 有 {count} 个值还在用旧密钥（{head[:-1]}）", ROTATE)


def _values(column: Column, ask: Ask) -> Iterator[Finding]:
    """Those that no key opens, and those whose hash is another one's."""
    make, name = INDEXES.get(column.field.name), f"{column.field.name}_index"
    has_index = make is not None and any(f.name == name for f in column.model._meta.concrete_fields)
    closed: list[str] = []
    strayed: list[str] = []
    for pk, stored, index in _some(column, name if has_index else "", ask):
        try:
            plain = decrypt(stored, column.field.place)
        except Undecipherable:
            closed.append(str(pk))
            continue
        if make is not None and has_index and index and make(plain) != index:
            strayed.append(str(pk))
    yield from of_sentences(f"{column} 没有一把密钥打得开", LOST, closed)
    yield from of_sentences(f"{column} 和它的索引对不上，按号码找不到人", AGAIN, strayed)
    if has_index:
        rows = column.stored().filter(**{name: ""})
        yield from of_rows(f"{column} 有值，没有索引", AGAIN, rows, Level.WARNING)


def _some(column: Column, index: str, ask: Ask) -> Iterator[tuple[Any, str, str]]:
    """(primary key, stored value, index): all, or runs of neighbours from places drawn by chance."""
    rows = column.stored().order_by("pk").values_list("pk", "raw", *([index] if index else []))
    if ask.all_values:
        found = list(rows[:BATCH])
        while found:
            yield from (_triple(row) for row in found)
            found = list(rows.filter(pk__gt=found[-1][0])[:BATCH])
        return
    yield from (_triple(row) for row in _drawn(column, rows))


def _triple(row: tuple[Any, ...]) -> tuple[Any, str, str]:
    return row[0], row[1], row[2] if len(row) > 2 else ""


def _drawn(column: Column, rows: Any) -> list[tuple[Any, ...]]:
    """The first, the last, and a stretch from a place by chance: numbers go up, so it costs three short queries."""
    third = SAMPLE // 3
    found = [*rows[:third], *rows.reverse()[:third]]
    if found and isinstance(found[0][0], int):
        begin = random.randint(min(row[0] for row in found), max(row[0] for row in found))  # noqa: S311
        found += rows.filter(pk__gte=begin)[:third]
    return list({row[0]: row for row in found}.values())


def _sealed_files() -> Iterator[Finding]:
    """Files of jobs are sealed too, and are not sealed again by a rotation."""
    closed = []
    for model, field in file_fields():
        if field.name != "file":
            continue
        for pk, name in model._base_manager.exclude(file="").order_by("pk").values_list("pk", "file"):
            if not _has_its_key(Path(settings.MEDIA_ROOT) / name):
                closed.append(f"{model._meta.label} {pk}")
    yield from of_sentences("任务的文件要用的密钥 FIELD_KEYS 里没有", LOST, closed)


def _has_its_key(path: Path) -> bool:
    """By the head of the file; one made in pieces has the length of the first piece before it."""
    try:
        with path.open("rb") as file:
            start = file.read(HEAD_BYTES + 4)
    except OSError:
        return True  # the check of files says that it is gone
    for head in (start, start[4:]):
        name = head.partition(b":")[0].decode("ascii", "replace")
        if name[:1] in ("a", "s") and name[1:].isdigit():
            return name[1:] in settings.FIELD_KEYS
    return False


def _key_files() -> Iterator[Finding]:
    for path in filter(None, (ring_file(), settings.VAR / "secret_key")):
        if path.exists() and path.stat().st_mode & 0o077:
            mode = oct(path.stat().st_mode & 0o777)[2:]
            yield error(
                f"密钥文件 {path.name} 别人也能读（{mode}）", f"chmod 600 {path}；有人读过的，换密钥。"
            )
