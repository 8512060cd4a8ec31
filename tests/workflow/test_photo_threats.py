"""Hostile and unlucky files: only a picture is ever kept, and nothing that it carried along."""

import struct
import zlib
from io import BytesIO

import pillow_heif
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, PngImagePlugin

from requests import dispatching, photos
from tests.factories import a_city, a_user
from tests.signing_in import strong_client
from tests.workflow import a_photo, filed, in_progress
from tests.workflow.dispatched import a_department, officer_of, sent

GPS, LATITUDE, LONGITUDE = 0x8825, 2, 4


def upload(raw: bytes, name: str = "灯.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, raw)


def kept(raw: bytes, name: str = "灯.jpg") -> photos.Picture:
    prepared = photos.prepare([upload(raw, name)])
    assert prepared.troubles == []
    return prepared.pictures[0]


def refused(raw: bytes, name: str = "灯.jpg") -> str:
    prepared = photos.prepare([upload(raw, name)])
    assert prepared.pictures == []
    return prepared.troubles[0]


def encoded(kind: str, *, size: tuple[int, int] = (64, 48), **save: object) -> bytes:
    target = BytesIO()
    Image.new("RGB", size, "navy").save(target, kind, **save)
    return target.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_position() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F] = "Phone"
    exif.get_ifd(GPS).update({1: "N", LATITUDE: (24.0, 48.0, 7.25), 3: "E", LONGITUDE: (113.0, 34.0, 52.5)})
    return exif


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_where_it_was_taken_is_gone_from_every_kind(kind: str) -> None:
    raw = encoded(kind, exif=with_position())
    assert Image.open(BytesIO(raw)).getexif().get_ifd(GPS)
    picture = kept(raw)
    for made in (picture.image, picture.thumbnail):
        opened = Image.open(BytesIO(made))
        assert not opened.getexif()
        assert not opened.info.keys() & {"exif", "xmp", "icc_profile", "comment", "photoshop"}
        assert b"Exif" not in made


def test_where_it_was_taken_is_gone_from_heic() -> None:
    target = BytesIO()
    heif = pillow_heif.from_pillow(Image.new("RGB", (64, 48), "navy"))
    heif.save(target, quality=60, exif=with_position().tobytes())
    assert Image.open(BytesIO(target.getvalue())).getexif().get_ifd(GPS)
    assert b"Exif" not in kept(target.getvalue(), "IMG_1.HEIC").image


def test_what_hangs_behind_the_picture_is_not_kept() -> None:
    for tail in (b"<script>alert(1)</script>", b"PK\x03\x04evil.php", b"<?php system('id'); ?>"):
        assert tail not in kept(encoded("JPEG") + tail).image


def test_words_inside_the_picture_are_not_kept() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "<script>alert(1)</script>", zip=False)
    assert b"<script>" not in kept(encoded("PNG", pnginfo=notes)).image


def test_of_moving_pictures_the_first_is_taken() -> None:
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "green", "blue")]
    for kind in ("WEBP", "PNG"):
        target = BytesIO()
        frames[0].save(target, kind, save_all=True, append_images=frames[1:], duration=100, lossless=True)
        picture = Image.open(BytesIO(kept(target.getvalue()).image))
        assert getattr(picture, "n_frames", 1) == 1
        red, green, _ = picture.getpixel((20, 15))  # type: ignore[misc]
        assert red > 200
        assert green < 60


def test_the_double_pictures_of_some_phones_are_read() -> None:
    target = BytesIO()
    main = Image.new("RGB", (64, 48), "navy")
    main.save(target, "MPO", save_all=True, append_images=[Image.new("RGB", (64, 48), "red")])
    assert Image.open(BytesIO(kept(target.getvalue()).image)).format == "JPEG"


@pytest.mark.parametrize("name", ["照片.txt", "照片", "a.php", "../../etc/passwd", "照" * 200 + ".jpg"])
def test_the_name_decides_nothing(name: str) -> None:
    assert kept(encoded("PNG"), name).width == 64


def test_a_header_that_claims_a_huge_picture() -> None:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0))
    raw = (
        b"\x89PNG\r\n\x1a\n"
        + header
        + png_chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + png_chunk(b"IEND", b"")
    )
    assert "像素太多" in refused(raw)


def test_a_long_thin_picture() -> None:
    picture = kept(encoded("PNG", size=(30000, 2)))
    assert picture.height >= 1
    assert picture.width == photos.SIDE


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_half_a_file_never_breaks_the_form(kind: str, share: float) -> None:
    raw = encoded(kind, size=(640, 480))
    assert "没有收下" in refused(raw[: int(len(raw) * share)])


@pytest.mark.parametrize(
    "raw",
    [
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
        b"%PDF-1.7\n",
        b"<html><body onload=alert(1)>",
        b"BM" + b"\0" * 60,
        b"II*\0" + b"\0" * 60,
        b"\xff\xd8\xff" + b"\0" * 60,
        b"\x89PNG\r\n\x1a\n" + b"\0" * 60,
        b"\0\0\0\x18ftypheic" + b"\0" * 60,
    ],
)
def test_what_is_no_photo_or_a_forged_beginning(raw: bytes) -> None:
    assert "没有收下" in refused(raw)


def test_together_they_may_not_be_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = encoded("JPEG")
    monkeypatch.setattr(photos, "MAX_TOTAL", len(raw) * 2)
    prepared = photos.prepare([upload(raw) for _ in range(3)])
    assert len(prepared.pictures) == 2
    assert "第 3 张没有收下" in prepared.troubles[0]


@pytest.mark.django_db
class TestSight:
    def test_a_unit_that_gave_it_back_finds_nothing(self) -> None:
        city = a_city()
        dispatch = sent(city, service_request=in_progress(city, photos=[a_photo()]))
        row = dispatch.service_request
        url = f"/requests/{row.number}/photos/{row.photos.get().pk}/"
        client = strong_client(officer_of(dispatch))
        assert client.get(url).status_code == 200
        dispatching.give_back(dispatch, by=officer_of(dispatch), reason="归城管局")
        assert client.get(url).status_code == 404

    def test_photos_of_an_answer_are_for_staff_and_that_unit(self) -> None:
        city = a_city()
        unit, officer = a_department(city)
        dispatch = sent(city, unit)
        dispatching.sign(dispatch, by=officer)
        dispatching.answer(dispatch, by=officer, text="办了", photos=[a_photo()])
        row = dispatch.service_request
        other = sent(city, service_request=row)
        url = f"/requests/{row.number}/photos/{row.photos.get().pk}/"
        for person, code in (
            (city.home.secretary, 200),
            (officer, 200),
            (officer_of(other), 404),
            (row.submitter, 404),
            (a_user(), 404),
        ):
            assert strong_client(person).get(url).status_code == code

    def test_a_form_that_fails_says_that_its_photos_are_lost(self) -> None:
        service_request = filed(a_city())
        client = strong_client(service_request.submitter)
        for url in ("/requests/new/", f"/requests/{service_request.number}/add/"):
            response = client.post(url, {"text": "", "photos": [a_photo()]})
            assert response.status_code == 422
            assert "照片没有留住，请再选一次" in response.content.decode()
            assert "照片没有留住" not in client.post(url, {"text": ""}).content.decode()
