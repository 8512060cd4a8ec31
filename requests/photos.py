"""Photos of a step: read, turned upright, shrunk and re-encoded, so that nothing but the picture is kept."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterable
from typing import Any, NamedTuple, TypeVar

import filetype
import pillow_heif
import structlog
from django.core.files.base import ContentFile
from PIL import Image, ImageOps

from ground.errors import RuleViolation
from requests.models import DispatchEvent, Photo, RequestEvent

pillow_heif.register_heif_opener()
log = structlog.get_logger(__name__)

MOST = 6  # photos of one step
MAX_BYTES = 15 * 1024 * 1024
MAX_TOTAL = 60 * 1024 * 1024  # of one step
MAX_PIXELS = 50_000_000
SIDE, THUMBNAIL_SIDE = 1600, 320  # pixels of the longer side
QUALITY = 82
#: What the first bytes may say, and the one decoder that may then read the file.
TYPES = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/apng": "PNG",
    "image/webp": "WEBP",
    "image/heic": "HEIF",
    "image/heif": "HEIF",
}


#: A model with the columns of a photo: id, image, thumbnail, width, height.
Kept = TypeVar("Kept", bound=Any)


class Picture(NamedTuple):
    """A photo ready to be kept: two JPEG files without metadata, and the size of the larger one in pixels."""

    image: bytes
    thumbnail: bytes
    width: int
    height: int


class Prepared(NamedTuple):
    """The photos that could be read, and a sentence for each one that could not."""

    pictures: list[Picture]
    troubles: list[str]


class _Unreadable(Exception):
    """Says in Chinese what is wrong with one file."""


def prepare(uploads: Iterable[Any]) -> Prepared:
    """Read uploads (files with `name`, `size`, `read`). One bad photo never loses the others."""
    pictures: list[Picture] = []
    troubles: list[str] = []
    total = 0
    for place, upload in enumerate(uploads, start=1):
        if isinstance(upload, Picture):
            pictures.append(upload)
        elif len(pictures) >= MOST:
            troubles.append(f"最多 {MOST} 张照片，第 {place} 张没有收下。")
        elif (total := total + upload.size) > MAX_TOTAL:
            troubles.append(
                f"照片一次最多 {MAX_TOTAL // 1024 // 1024} MB，第 {place} 张没有收下，请另外补充。"
            )
        else:
            try:
                pictures.append(_read(upload))
            except _Unreadable as why:
                troubles.append(f"第 {place} 张照片（{str(upload.name)[:40]}）没有收下：{why}")
    return Prepared(pictures[:MOST], troubles)


def ready(photos: Iterable[Any]) -> list[Picture]:
    """For verbs: prepared pictures as they are; raises RuleViolation for an upload that cannot be read."""
    pictures, troubles = prepare(photos)
    if troubles:
        raise RuleViolation(troubles[0], field="photos")
    return pictures


def attach(event: RequestEvent, pictures: Iterable[Picture]) -> list[Photo]:
    """Keep pictures with the event they came with, inside the transaction of the step."""
    return keep(Photo, pictures, service_request_id=event.subject_id, event=event)


def attach_to_dispatch(event: DispatchEvent, pictures: Iterable[Picture]) -> list[Photo]:
    """The same for a step of a dispatch: whoever sees the request sees them."""
    return keep(Photo, pictures, service_request_id=event.subject.service_request_id, dispatch_event=event)


def keep(model: type[Kept], pictures: Iterable[Picture], **belongs_to: Any) -> list[Kept]:
    """Rows of `model` (a Photo, or one of a floor above with the same columns), inside the caller's transaction."""
    kept: list[Kept] = []
    try:
        for picture in pictures:
            photo = model(id=uuid.uuid4(), width=picture.width, height=picture.height, **belongs_to)
            kept.append(photo)
            photo.image.save("", ContentFile(picture.image), save=False)
            photo.thumbnail.save("", ContentFile(picture.thumbnail), save=False)
            photo.save(force_insert=True)
    except Exception:
        _remove_files(kept)
        raise
    return kept


def _remove_files(photos: Iterable[Any]) -> None:
    """The step is undone, so are its rows: no picture of somebody's home stays behind on the disk."""
    for photo in photos:
        for file in (photo.image, photo.thumbnail):
            if file:
                file.delete(save=False)


def _read(upload: Any) -> Picture:
    if upload.size > MAX_BYTES:
        raise _Unreadable(f"超过 {MAX_BYTES // 1024 // 1024} MB，请压缩后再传。")
    raw = upload.read()
    kind = filetype.guess(raw)
    if kind is None or kind.mime not in TYPES:
        raise _Unreadable("不是照片，请用 JPEG、PNG、WebP 或 HEIC 图片。")
    try:
        return _encode(raw, TYPES[kind.mime])
    except _Unreadable:
        raise
    except Exception as error:  # decoders raise whatever a broken file makes them stumble over
        log.info("unreadable photo", type=kind.mime, error=type(error).__name__)
        raise _Unreadable("文件损坏，打不开，请重新拍一张。") from error


def _encode(raw: bytes, decoder: str) -> Picture:
    """JPEG files of two sizes. The size is asked of the header, before anything is decoded; of several pictures
    in one file the first is taken, and whatever else the file carries is not."""
    try:
        source = Image.open(io.BytesIO(raw), formats=[decoder])
    except Image.DecompressionBombError:
        raise _Unreadable("像素太多，请换一张小一些的。") from None
    with source:
        if source.width * source.height > MAX_PIXELS:
            raise _Unreadable(f"像素太多（最多 {MAX_PIXELS // 1_000_000} 百万），请换一张小一些的。")
        source.draft("RGB", (SIDE, SIDE))
        upright = _on_white(ImageOps.exif_transpose(source))
    upright.thumbnail((SIDE, SIDE))
    small = upright.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return Picture(_jpeg(upright), _jpeg(small), upright.width, upright.height)


def _on_white(image: Image.Image) -> Image.Image:
    """RGB without metadata; what was transparent becomes white."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        paper = Image.new("RGB", layer.size, "white")
        paper.paste(layer, mask=layer.getchannel("A"))
        return paper
    plain = image.convert("RGB")
    plain.info = {}
    return plain


def _jpeg(image: Image.Image) -> bytes:
    target = io.BytesIO()
    image.save(target, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return target.getvalue()
