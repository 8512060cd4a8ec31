"""Files and rows: photos, uploads and results of jobs lie where their rows say, and nothing else lies there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models

from ground import drafts, sealed
from operations.doctor.checks.outbox import START, job_models
from operations.doctor.findings import Finding, Level, of_rows, of_sentences
from operations.doctor.registry import Ask, check
from volunteers.summaries.running import KEPT

RESTORE = "从备份恢复这些文件（MEDIA_ROOT 下同名）；没有备份的，照片已经丢了，告诉承办的社区。"
REMOVE = "确认不是刚传上来的，再删除：没有一行用到它。任务的文件一小时后由 worker 自己清。"
#: A JPEG ends so; what was cut off does not.
END_OF_JPEG = b"\xff\xd9"
#: How far before the end it is looked for.
TAIL = 2


@check(
    "files",
    "文件",
    cost="读一遍文件夹和所有文件名：20 万张照片约 10 秒；不加 --quick 时另看每张照片的最后两字节",
)
def files(ask: Ask) -> Iterator[Finding]:
    """Every row with a file has it, whole; every file belongs to a row; results of jobs are gone after their days; no
    upload or draft was left half written. A photo without a file is lost evidence, a file without a row is personal
    data that nobody erases."""
    known, lying = _named(), _lying()
    yield from of_sentences("行里记着的文件不在了", RESTORE, _missing(known, lying))
    yield from of_sentences("文件没有写完整", RESTORE, _cut_off(known, lying, ask))
    old = ask.at - sealed.STRAY_AFTER
    names = (name for name in sorted(lying.keys() - known.keys()) if lying[name][1] < old)
    yield from of_sentences("文件没有一行用到", REMOVE, names, Level.WARNING)
    yield from _outlived(ask)
    yield from of_sentences("没有写完的草稿留着没清", START, _left_drafts(old), Level.WARNING)
    what = "没有传完的上传留在临时文件夹"
    yield from of_sentences(what, "进程被杀时留下的，删除即可。", _left_uploads(old), Level.WARNING)


def file_fields() -> list[tuple[Any, Any]]:
    """Every model with every column that names a file."""
    return [
        (model, field)
        for model in apps.get_models()
        if model._meta.managed and not model._meta.proxy
        for field in model._meta.concrete_fields
        if isinstance(field, models.FileField)
    ]


def _named() -> dict[str, str]:
    """File → the row that names it. One query a column."""
    found: dict[str, str] = {}
    for model, field in file_fields():
        rows = model._base_manager.exclude(**{field.name: ""}).order_by().values_list("pk", field.name)
        found |= {name: f"{model._meta.label} {pk}" for pk, name in rows.iterator(5000)}
    return found


def _lying() -> dict[str, tuple[int, datetime]]:
    """File → bytes and when it was written last; names as rows have them. Nothing is opened."""
    root = Path(settings.MEDIA_ROOT)
    found: dict[str, tuple[int, datetime]] = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder) / name
            try:
                seen = path.stat()
            except FileNotFoundError:  # deleted meanwhile
                continue
            written = datetime.fromtimestamp(seen.st_mtime).astimezone()
            found[path.relative_to(root).as_posix()] = seen.st_size, written
    return found


def _missing(known: dict[str, str], lying: dict[str, Any]) -> Iterator[str]:
    """Asked once more: a job may have been tidied away between the two lists."""
    gone = {name: known[name] for name in known.keys() - lying.keys()}
    if gone:
        still = _named()
        yield from (
            f"{row}：{name}"
            for name, row in sorted(gone.items())
            if name in still and not (Path(settings.MEDIA_ROOT) / name).exists()
        )


def _cut_off(known: dict[str, str], lying: dict[str, tuple[int, datetime]], ask: Ask) -> Iterator[str]:
    for name in sorted(known.keys() & lying.keys()):
        size, _ = lying[name]
        if not size or (not ask.is_quick and name.endswith(".jpg") and not _is_whole(name)):
            yield f"{known[name]}：{name}"


def _is_whole(name: str) -> bool:
    try:
        with (Path(settings.MEDIA_ROOT) / name).open("rb") as file:
            file.seek(-TAIL, os.SEEK_END)
            return file.read() == END_OF_JPEG
    except OSError:
        return False


def _outlived(ask: Ask) -> Iterator[Finding]:
    """Sealed files that nobody waits for any more, and personal data all the same."""
    for model in job_models():
        ended = model._base_manager.exclude(file="").filter(ended_at__lt=ask.at - KEPT - timedelta(days=1))
        yield from of_rows(
            f"{model._meta.verbose_name}结束七天多了，文件还留着", f"{START}worker 每分钟清一次。", ended
        )


def _left_drafts(old: datetime) -> Iterator[str]:
    """Folders of leases that are none any more (`ground.drafts`)."""
    kept = {drafts.name_of(job) for model in job_models() for job in _under_way(model)}
    root = settings.VAR / "drafts"
    for path in sorted(root.iterdir()) if root.is_dir() else []:
        if path.name not in kept and path.stat().st_mtime < old.timestamp():
            yield path.name


def _under_way(model: Any) -> Any:
    return model._base_manager.filter(state__in=model.OPEN).exclude(began_at=None)


def _left_uploads(old: datetime) -> Iterator[str]:
    """What a process that was killed left of an upload: Django keeps large ones in a file until they are whole."""
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR or tempfile.gettempdir())
    for path in sorted(folder.glob("*.upload*")):
        seen = path.stat()
        if seen.st_uid == os.getuid() and seen.st_mtime < old.timestamp():
            yield path.name
