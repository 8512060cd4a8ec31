"""The storage of uploads: a file is there whole or not at all, and a full disk is said in a sentence."""

from __future__ import annotations

import errno
from contextlib import suppress
from typing import Any

import structlog
from django.core.files.storage import FileSystemStorage

from ground.errors import RuleViolation

log = structlog.get_logger(__name__)

#: No room, no quota, larger than the file system takes.
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
NO_ROOM = "服务器的磁盘满了，文件没有存下，这一步没有完成；请稍后再试，并告诉系统管理员。"


class NoRoom(RuleViolation):
    """The disk is full. The step is undone with its transaction."""

    def __init__(self) -> None:
        super().__init__(NO_ROOM)


def is_full(error: BaseException | None) -> bool:
    """Whether a full disk is at the bottom of it: libraries wrap what the system said."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in FULL:
            return True
        error = error.__cause__ or error.__context__
    return False


class WholeFileStorage(FileSystemStorage):
    """Raises NoRoom where the disk is full; what was written until then is removed."""

    def _save(self, name: str, content: Any) -> str:
        # Django finds a free name and may take another one where two want the same: ours are random.
        try:
            return super()._save(name, content)  # type: ignore[misc]
        except OSError as error:
            if error.errno not in FULL:
                raise
            with suppress(OSError):
                self.delete(name)
            log.error("no room for an upload", error=errno.errorcode[error.errno])
            raise NoRoom from None
