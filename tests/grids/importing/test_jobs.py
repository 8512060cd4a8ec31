"""A job from upload to end: one at a time, by those who may, taken up again, its file gone afterwards."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied

from grids.audit import entries_of
from grids.importing import jobs, running
from grids.models import ImportJob, Resident
from ground import clock, heartbeat, leases
from ground.errors import RuleViolation
from ground.heartbeat import Voice
from organizations.models import Appointment
from organizations.posts import Post
from tests.factories import City, a_grid_worker, a_user, appoint
from tests.grids.importing import sheets
from tests.grids.importing.conftest import Importing, folder, person

pytestmark = pytest.mark.django_db
State = ImportJob.State


def content(*rows: dict[str, object]) -> bytes:
    return sheets.workbook({"居民": (sheets.PEOPLE, list(rows))})


def upload(city: City, sheet: bytes | None = None) -> ImportJob:
    home = city.home
    return jobs.begin(
        by=home.secretary, community=home.organization, content=sheet or content(person(0)), name="居民.xlsx"
    )


def files() -> list[Path]:
    return list(folder().glob("*")) if folder().exists() else []


def test_a_double_tap_is_one_job(city: City) -> None:
    sheet = content(person(0))
    assert upload(city, sheet).pk == upload(city, sheet).pk
    assert len(files()) == 1


def test_the_file_lies_sealed(city: City) -> None:
    upload(city, "姓名,楼栋,房号\n王伟,1栋,302\n".encode())
    assert "王伟".encode() not in files()[0].read_bytes()
    assert files()[0].read_bytes().startswith(b"a1:")


def test_only_who_changes_the_whole_registry_imports(city: City) -> None:
    for outsider in (city.next_door.secretary, a_grid_worker(city.home)):
        with pytest.raises(PermissionDenied):
            jobs.begin(
                by=outsider, community=city.home.organization, content=content(person(0)), name="表.xlsx"
            )
    job = upload(city)
    jobs.check(job.pk)
    for verb in (
        lambda: jobs.confirm(job, by=city.next_door.secretary),
        lambda: jobs.cancel(job, by=city.next_door.secretary),
        lambda: jobs.remap(job, by=city.next_door.secretary, mapping={}),
    ):
        with pytest.raises(PermissionDenied):
            verb()
    assert not ImportJob.objects.visible_to(city.next_door.secretary).exists()


@pytest.mark.parametrize(
    ("sheet", "sentence"),
    [(b"", "空的"), (b"%PDF-1.7\0\0", ""), (b"x" * (jobs.MAX_BYTES + 1), "超过 30 MB")],
)
def test_what_is_no_sheet_is_refused(city: City, sheet: bytes, sentence: str) -> None:
    home = city.home
    try:
        job = jobs.begin(by=home.secretary, community=home.organization, content=sheet, name="x.xlsx")
    except RuleViolation as refusal:
        assert refusal.field == "file"
        assert sentence in refusal.sentence
        return
    jobs.check(job.pk)
    job.refresh_from_db()
    assert job.state == State.FAILED
    assert job.sentence
    assert not files()


def test_bad_rows_and_retiring_are_refused_with_sentences(look: Importing, city: City) -> None:
    job = look([person(0), person(1, 手机号="12")])
    by = city.home.secretary
    with pytest.raises(RuleViolation, match="有 1 行要改"):
        jobs.confirm(job, by=by)
    with pytest.raises(RuleViolation, match="不能把表里没有的人记为迁出"):
        jobs.confirm(job, by=by, good_rows_only=True, retire_vanished=True)
    jobs.confirm(job, by=by, good_rows_only=True)
    with pytest.raises(RuleViolation, match="预检完成后"):
        jobs.confirm(job, by=by, good_rows_only=True)
    with pytest.raises(RuleViolation, match="不能取消"):
        jobs.cancel(job, by=by)


def test_the_file_goes_when_the_job_ends(bring: Importing, look: Importing, city: City) -> None:
    bring([person(0)])
    assert not files()
    job = look([person(1)])
    assert len(files()) == 1
    jobs.cancel(job, by=city.home.secretary)
    jobs.resume()  # on_commit does not run inside of a test: beat does it
    assert not files()


def test_columns_are_mapped_and_checked_again(city: City) -> None:
    titles = ["几栋", "门", "叫什么", "证件"]
    row = dict(zip(titles, ["花城小区 1 栋", "302", "王伟", sheets.an_id(0)], strict=True))
    home = city.home
    job = jobs.begin(
        by=home.secretary,
        community=home.organization,
        content=sheets.workbook({"名单": (titles, [row])}),
        name="名单.xlsx",
    )
    jobs.check(job.pk)
    job.refresh_from_db()
    assert job.sentence == "没有认出表头，请指出每一列是什么。"
    seen = jobs.headings(job)[0]
    assert (seen.kind, seen.titles, seen.row) == ("", titles, 1)
    mapping = {"名单": {"building_name": "几栋", "door": "门", "name": "叫什么", "number": "证件"}}
    jobs.remap(job, by=home.secretary, mapping=mapping)
    jobs.check(job.pk)
    job.refresh_from_db()
    assert (job.state, job.counts["new"], job.counts["bad"]) == (State.CHECKED, 1, 0)
    assert jobs.headings(job)[0].fields["name"] == "叫什么"


def test_headings_never_show_a_row_of_people(city: City) -> None:
    rows = [["302", "王伟", sheets.an_id(0)], ["303", "李芳", sheets.an_id(1)]]
    sheet = "\n".join(",".join(row) for row in rows).encode()
    job = upload(city, sheet)
    assert jobs.headings(job)[0].titles == []


def test_the_report_is_whole_masked_and_safe(look: Importing) -> None:
    job = look([person(number, 手机号="=1+1", 房号=f"{number + 1}01") for number in range(7)])
    rows = list(jobs.report(job))
    assert rows[0] == jobs.REPORT_TITLES
    assert len(rows) == 8
    assert rows[1][:4] == ["居民", "2", "手机号", "电话不对"]
    assert not any(cell.startswith("=") for row in rows for cell in row)
    assert sheets.an_id(0) not in str(rows)


# Under way


def test_progress_is_told(city: City) -> None:
    job = upload(city)
    assert jobs.progress(job) == (0, 0, "")
    voice = Voice(job)
    voice.phase("写入", 100)
    voice.at(50)  # within half a second: not written
    assert jobs.progress(job) == (0, 100, "写入")


def test_a_second_worker_leaves_a_job_alone_until_it_is_silent(city: City) -> None:
    job = upload(city)
    assert running.LEASES.take(job.pk, State.WAITING, State.CHECKING) is not None
    assert running.LEASES.take(job.pk, State.WAITING, State.CHECKING) is None
    jobs.check(job.pk)
    job.refresh_from_db()
    assert job.state == State.CHECKING
    with clock.at(clock.now() + timedelta(seconds=61)):
        jobs.check(job.pk)
    job.refresh_from_db()
    assert job.state == State.CHECKED


def test_who_was_overtaken_writes_nothing(city: City) -> None:
    job = upload(city)
    mine = running.LEASES.take(job.pk, State.WAITING, State.CHECKING)
    assert mine is not None
    with clock.at(clock.now() + timedelta(seconds=61)):
        assert running.LEASES.take(job.pk, State.WAITING, State.CHECKING) is not None
    with pytest.raises(leases.Overtaken):
        running.LEASES.still(mine, state=State.FAILED)


def test_lost_jobs_are_sent_again_and_finish(city: City) -> None:
    """Eager tasks: what is sent runs at once."""
    job = upload(city)
    running.LEASES.take(job.pk, State.WAITING, State.CHECKING)
    assert jobs.resume() == 0
    with clock.at(clock.now() + timedelta(seconds=61)):
        assert jobs.resume() == 1
    job.refresh_from_db()
    assert job.state == State.CHECKED
    jobs.confirm(job, by=city.home.secretary)
    running.LEASES.take(job.pk, State.LOADING, State.LOADING)
    heartbeat.forget(job)
    with clock.at(clock.now() + timedelta(seconds=122)):
        assert jobs.resume() == 1
    job.refresh_from_db()
    assert job.state == State.DONE
    assert Resident.objects.count() == 1


def test_what_is_written_is_signed_by_who_confirmed(city: City, bring: Importing) -> None:
    home, colleague = city.home, a_user("梁晓琳")
    appoint(colleague, Post.COMMUNITY_WORKER, home.organization)
    bring([person(0)])
    job = upload(city, content(person(0) | {"手机号": "19900001234"}))
    jobs.check(job.pk)
    jobs.confirm(job, by=colleague)
    jobs.load(job.pk)
    changed = entries_of(Resident.objects.get())
    assert [entry.actor for entry in changed] == [colleague]


def test_nothing_is_written_for_somebody_whose_post_has_ended(city: City) -> None:
    home, colleague = city.home, a_user("梁晓琳")
    post = appoint(colleague, Post.COMMUNITY_WORKER, home.organization)
    job = upload(city)
    jobs.check(job.pk)
    jobs.confirm(job, by=colleague)
    Appointment.objects.filter(pk=post.pk).update(ends_on=clock.today())
    jobs.load(job.pk)
    job.refresh_from_db()
    assert job.state == State.CHECKED and job.sentence == running.NO_LONGER_IN_POST
    assert not Resident.objects.exists()
    jobs.confirm(job, by=home.secretary)
    jobs.load(job.pk)
    assert Resident.objects.count() == 1


def test_a_file_that_kills_its_workers_is_given_up(city: City) -> None:
    job = upload(city)
    assert running.LEASES.take(job.pk, State.WAITING, State.CHECKING) is not None
    for minute in range(1, leases.MOST_TAKEOVERS + 1):
        with clock.at(clock.now() + timedelta(seconds=61 * minute)):
            assert running.LEASES.take(job.pk, State.WAITING, State.CHECKING) is not None, "killed once more"
    with clock.at(clock.now() + timedelta(seconds=61 * (minute + 1))):
        assert running.LEASES.take(job.pk, State.WAITING, State.CHECKING) is None
    job.refresh_from_db()
    assert job.state == State.FAILED and job.sentence == running.TOO_OFTEN
    assert files() == []


def test_running_twice_does_nothing_the_second_time(bring: Importing) -> None:
    job = bring([person(0)])
    jobs.load(job.pk)
    jobs.check(job.pk)
    assert Resident.objects.count() == 1


def test_forgotten_jobs_and_stray_files_go(look: Importing) -> None:
    job = look([person(0)])
    stray = folder() / "left.sealed"
    stray.write_bytes(b"a1:")
    with clock.at(clock.now() + timedelta(days=8)):
        jobs.resume()
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert not files()


def test_a_fault_of_the_program_ends_the_job_without_quoting_anybody(
    city: City, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(*args: object, **more: object) -> None:
        raise ValueError("王伟 440203")

    monkeypatch.setattr(running, "compare", breaks)
    job = upload(city)
    jobs.check(job.pk)
    job.refresh_from_db()
    assert job.state == State.FAILED
    assert "王伟" not in caplog.text + job.sentence
    assert not files()
