"""Photos: what is kept of them, what is refused, and who may see them."""

from io import BytesIO

import pillow_heif
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from ground.errors import RuleViolation
from requests import photos, workflow
from requests.models import Photo
from tests.factories import City, a_city, a_grid_worker, a_user
from tests.signing_in import strong_client
from tests.workflow import a_photo, filed

ORIENTATION, GPS, GPS_LATITUDE, MAKE = 0x0112, 0x8825, 2, 0x010F


def opened(raw: bytes) -> Image.Image:
    return Image.open(BytesIO(raw))


def only(*uploads: object) -> photos.Picture:
    prepared = photos.prepare(uploads)
    assert prepared.troubles == []
    return prepared.pictures[0]


def trouble(upload: object) -> str:
    prepared = photos.prepare([upload])
    assert prepared.pictures == []
    return prepared.troubles[0]


def test_a_large_photo_is_shrunk_to_two_jpegs() -> None:
    picture = only(a_photo(size=(3000, 2000)))
    assert (picture.width, picture.height) == (1600, 1067)
    assert opened(picture.image).format == opened(picture.thumbnail).format == "JPEG"
    assert max(opened(picture.thumbnail).size) == 320


def test_a_small_photo_is_not_blown_up() -> None:
    assert opened(only(a_photo(size=(200, 100))).image).size == (200, 100)


def test_the_position_and_the_camera_are_gone() -> None:
    exif = Image.Exif()
    exif[MAKE] = "Phone"
    exif.get_ifd(GPS)[GPS_LATITUDE] = (24.0, 48.0, 0.0)
    upload = a_photo(exif=exif, comment=b"at home")
    assert Image.open(upload).getexif().get_ifd(GPS)
    upload.seek(0)
    picture = only(upload)
    for raw in (picture.image, picture.thumbnail):
        assert not opened(raw).getexif()
        assert not opened(raw).info.keys() & {"exif", "xmp", "icc_profile", "comment"}
        assert b"Phone" not in raw


def test_a_photo_taken_sideways_stands_upright() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    assert opened(only(a_photo(size=(400, 300), exif=exif)).image).size == (300, 400)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_png_and_webp_become_jpeg_and_transparency_white(kind: str) -> None:
    target = BytesIO()
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(target, kind)
    picture = only(SimpleUploadedFile("a", target.getvalue()))
    assert opened(picture.image).getpixel((25, 25)) == (255, 255, 255)


def test_heic_of_a_phone_is_read() -> None:
    target = BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (640, 480), "navy")).save(target, quality=60)
    picture = only(SimpleUploadedFile("IMG_1.HEIC", target.getvalue()))
    assert (picture.width, picture.height) == (640, 480)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    target = BytesIO()
    Image.new("1", (9000, 9000)).save(target, "PNG")
    assert len(target.getvalue()) < 100_000
    assert "像素太多" in trouble(SimpleUploadedFile("bomb.png", target.getvalue()))


def test_a_far_larger_bomb_too() -> None:
    target = BytesIO()
    Image.new("1", (20000, 20000)).save(target, "PNG")
    assert "像素太多" in trouble(SimpleUploadedFile("bomb.png", target.getvalue()))


def test_a_text_under_another_name_is_refused() -> None:
    upload = SimpleUploadedFile("灯.jpg", b"#!/bin/sh\necho hello\n", content_type="image/jpeg")
    assert "不是照片" in trouble(upload)


@pytest.mark.parametrize(
    "head", [b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", b"GIF89a" + b"\0" * 40, b""]
)
def test_other_pictures_are_refused(head: bytes) -> None:
    assert "不是照片" in trouble(SimpleUploadedFile("a.jpg", head))


def test_a_broken_photo_says_so() -> None:
    whole = a_photo().read()
    assert "损坏" in trouble(SimpleUploadedFile("a.jpg", whole[: len(whole) // 3]))


def test_a_file_that_is_too_large_is_not_even_read() -> None:
    upload = a_photo()
    upload.size = photos.MAX_BYTES + 1
    assert "15 MB" in trouble(upload)


def test_six_are_kept_and_the_bad_one_is_named() -> None:
    uploads = [a_photo(), SimpleUploadedFile("坏.jpg", b"text"), *[a_photo() for _ in range(6)]]
    prepared = photos.prepare(uploads)
    assert len(prepared.pictures) == 6
    assert "第 2 张照片（坏.jpg）没有收下" in prepared.troubles[0]
    assert "最多 6 张照片，第 8 张没有收下" in prepared.troubles[1]


@pytest.mark.django_db
class TestKeeping:
    def test_a_photo_hangs_on_its_event_under_a_name_of_its_own(self) -> None:
        service_request = filed(a_city(), photos=[a_photo("我家 302.jpg")])
        photo = service_request.photos.get()
        assert photo.event.step == "submit"
        assert photo.image.name == f"photos/{photo.pk.hex[:2]}/{photo.pk.hex}.jpg"
        assert photo.thumbnail.size < photo.image.size

    def test_the_verb_itself_refuses_what_it_cannot_read(self) -> None:
        with pytest.raises(RuleViolation) as refusal:
            filed(a_city(), photos=[SimpleUploadedFile("a.jpg", b"text")])
        assert refusal.value.field == "photos"
        assert not Photo.objects.exists()

    def test_a_step_keeps_the_good_ones(self) -> None:
        service_request = filed(a_city())
        taken = workflow.take_step(
            "add",
            service_request,
            by=service_request.submitter,
            cleaned_data={"text": "四楼也不亮"},
            files=[a_photo(), SimpleUploadedFile("a.jpg", b"text")],
        )
        assert len(taken.troubles) == 1
        assert service_request.photos.count() == 1


@pytest.mark.django_db
class TestSight:
    def url(self, city: City) -> str:
        self.service_request = filed(city, photos=[a_photo(size=(800, 600))])
        photo = self.service_request.photos.get()
        return f"/requests/{self.service_request.number}/photos/{photo.pk}/"

    def test_whoever_may_see_the_request_sees_its_photos(self) -> None:
        city = a_city()
        url = self.url(city)
        for person in (self.service_request.submitter, city.home.secretary, a_grid_worker(city.home)):
            client = strong_client(person)
            response = client.get(url)
            assert response.status_code == 200
            assert response["Content-Type"] == "image/jpeg"
            assert response["X-Content-Type-Options"] == "nosniff"
            assert response["Cache-Control"].startswith("private")
            assert opened(b"".join(response.streaming_content)).size == (800, 600)
            small = client.get(url, {"size": "small"})
            assert opened(b"".join(small.streaming_content)).size == (320, 240)

    def test_others_find_nothing(self, client: Client) -> None:
        city = a_city()
        url = self.url(city)
        for person in (city.next_door.secretary, a_grid_worker(city.next_door), a_user()):
            assert strong_client(person).get(url).status_code == 404
        assert client.get(url).status_code == 302

    def test_a_photo_is_not_found_under_another_request(self, client: Client) -> None:
        city = a_city()
        url = self.url(city)
        other = filed(city, by=self.service_request.submitter)
        client.force_login(self.service_request.submitter)
        assert client.get(url.replace(self.service_request.number, other.number)).status_code == 404
