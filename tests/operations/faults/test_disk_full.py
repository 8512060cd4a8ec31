"""No room for a file: a sentence, no row without its file, no file without its row. Then there is room again."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest
from PIL import Image

from ground.storing import NO_ROOM
from requests.models import Photo, RequestEvent, ServiceRequest
from tests import factories
from tests.operations.doctoring import doctor_is_clean
from tests.operations.faults.platform import Platform
from tests.operations.faults.scenes import a_summary, the_same
from tests.workflow import a_category
from volunteers.models import SummaryJob

pytestmark = [pytest.mark.services]


@contextmanager
def full(platform: Platform, name: str, room: int) -> Iterator[None]:
    """Every process below takes files up to `room` bytes only; the next byte fails (EFBIG) as on a full disk."""
    top = platform.running[name].pid
    pids = [top, *map(int, Path(f"/proc/{top}/task/{top}/children").read_text().split())]
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)


def noise() -> bytes:
    """A photo that no encoder makes small: some 1.5 MB."""
    file = BytesIO()
    Image.frombytes("RGB", (1200, 900), Random(7).randbytes(1200 * 900 * 3)).save(file, "JPEG", quality=90)
    return file.getvalue()


def files(platform: Platform) -> set[Path]:
    return {path for path in platform.media.rglob("*") if path.is_file()}


def test_a_photo_for_which_there_is_no_room(platform):
    city, user = factories.a_city(), factories.a_user()
    code, picture, before = a_category().code, noise(), files(platform)
    fields = {"category": code, "text": "楼道灯不亮", "building_token": str(city.home.building.qr_token)}
    room = max(len(platform.log("web").encode()), 200_000) + 200_000
    with platform.api(user) as api:

        def send(key: str) -> object:
            return api.post(
                "/requests/", data=fields | {"key": key}, files={"photos": ("灯.jpg", picture, "image/jpeg")}
            )

        key = str(uuid4())
        with full(platform, "web", room):
            refused = send(key)
            assert refused.status_code == 409, refused.text
            assert refused.json()["detail"] == NO_ROOM
        assert not ServiceRequest.objects.filter(submitter=user).exists()
        assert not RequestEvent.objects.filter(by=user).exists()
        assert files(platform) == before
        assert send(key).status_code == 201
    kept = Photo.objects.get(service_request__submitter=user)
    assert Path(kept.image.path).stat().st_size > 200_000
    doctor_is_clean()


def test_a_summary_for_which_there_is_no_room(platform):
    job = a_summary()
    before, state = files(platform), SummaryJob.State
    with full(platform, "worker", 2_000):
        platform.send("volunteers.write_summary", job.pk)
        platform.until(lambda: SummaryJob.objects.filter(pk=job.pk, state=state.FAILED).exists())
    job.refresh_from_db()
    assert job.sentence == NO_ROOM
    assert not job.file
    assert files(platform) == before
    assert not list((platform.var / "drafts").glob("*"))
    again = the_same(job.by, job.place)
    platform.send("volunteers.write_summary", again.pk)
    platform.until(lambda: SummaryJob.objects.filter(pk=again.pk, state=state.DONE).exists())
    doctor_is_clean()
