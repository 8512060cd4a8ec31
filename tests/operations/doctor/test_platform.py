"""Files, keys, calendar, disk, settings, schema, PostgreSQL: each check finds what a test damages."""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import override_settings

from accounts.models import User
from dashboards import rolling
from dashboards.models import Rollup
from grids.models import ImportJob
from ground import clock
from operations.doctor.checks import disk, files, postgres, setting
from organizations.models import WorkdayOverride
from requests.models import Photo, RequestEvent
from tests.operations.doctor.looking import findings_of, found_by, sql

pytestmark = pytest.mark.django_db
ON_POSTGRESQL = connection.vendor == "postgresql"
LONG_AGO = 1_700_000_000
JPEG = b"\xff\xd8 a small picture \xff\xd9"
CHINA = ZoneInfo("Asia/Shanghai")


# Files


@pytest.fixture
def photo(city):
    """A photo of this test's own: the files of the world lie in another test's folder."""
    Photo.objects.all().delete()
    event = RequestEvent.objects.order_by("id").first()
    row = Photo(service_request=event.subject, event=event, width=1, height=1)
    row.image.save("a.jpg", ContentFile(JPEG), save=False)
    row.thumbnail.save("b.jpg", ContentFile(JPEG), save=False)
    row.save()
    assert found_by("files") == []
    return row


def test_a_photo_that_is_gone(photo):
    Path(photo.image.path).unlink()
    (found,) = findings_of("files")
    assert found.what == "行里记着的文件不在了" and str(photo.pk) in found.rows[0]


def test_a_photo_that_was_cut_off(photo):
    Path(photo.image.path).write_bytes(JPEG[:-3])
    assert found_by("files") == ["文件没有写完整"]
    assert found_by("files", is_quick=True) == [], "a quick look opens nothing"
    Path(photo.image.path).write_bytes(b"")
    assert found_by("files", is_quick=True) == ["文件没有写完整"]


def test_a_file_that_belongs_to_nobody(photo):
    stray = Path(settings.MEDIA_ROOT) / "photos" / "stray.jpg"
    stray.write_bytes(JPEG)
    os.utime(stray, (clock.now().timestamp(),) * 2)
    assert found_by("files") == [], "it may be of a form that is being sent"
    os.utime(stray, (LONG_AGO, LONG_AGO))
    (found,) = findings_of("files")
    assert found.what == "文件没有一行用到" and found.rows == ("photos/stray.jpg",)


def test_a_sealed_file_past_its_days_and_under_a_lost_key(city):
    Photo.objects.all().delete()
    job = ImportJob(community=city.home.organization, name="a.csv", made_at=clock.now())
    job.file.save("a.csv", ContentFile(b"a9:whatever"), save=False)
    job.state, job.ended_at = ImportJob.State.DONE, clock.now()
    job.save()
    assert "任务的文件要用的密钥 FIELD_KEYS 里没有" in found_by("keys")
    assert found_by("files") == []
    ImportJob.objects.update(ended_at=clock.now() - timedelta(days=9))
    assert found_by("files") == ["导入结束七天多了，文件还留着"]


def test_drafts_and_uploads_that_a_killed_process_left(city, tmp_path):
    Photo.objects.all().delete()
    draft = Path(settings.VAR) / "drafts" / "volunteers.summaryjob-1-1.0"
    draft.mkdir(parents=True)
    upload = tmp_path / "tmpabc.upload.jpg"
    upload.write_bytes(b"half")
    for path in (draft, upload):
        os.utime(path, (LONG_AGO, LONG_AGO))
    with override_settings(FILE_UPLOAD_TEMP_DIR=tmp_path):
        assert found_by("files") == ["没有写完的草稿留着没清", "没有传完的上传留在临时文件夹"]
    draft.rmdir()


def test_every_column_with_a_file_is_looked_at():
    assert {f"{model.__name__}.{field.name}" for model, field in files.file_fields()} == {
        "ImportJob.file", "SummaryJob.file", "Photo.image", "Photo.thumbnail", "ClaimPhoto.image",
        "ClaimPhoto.thumbnail",
    }  # fmt: skip


# Keys


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE accounts_user SET phone = '13800000000' WHERE id = {one}", "个值没有加密"),
        ("UPDATE accounts_user SET phone = 'a9:AAAA' WHERE id = {one}", "要用 9 号密钥"),
        ("UPDATE accounts_user SET phone = 'a1:AAAA' WHERE id = {one}", "没有一把密钥打得开"),
        ("UPDATE accounts_user SET phone_index = 'x' WHERE id = {one}", "对不上"),
        (
            "UPDATE accounts_user SET phone_index = '' WHERE id = {one}",
            "有值，没有索引",
        ),
    ],
)
def test_values_that_cannot_be_opened_or_found(city, statement, words):
    assert found_by("keys") == []
    sql(statement.format(one=User.objects.order_by("pk").first().pk))
    found = findings_of("keys", all_values=True)
    assert any(words in each.what for each in found), found
    assert not any("13800000000" in text for each in found for text in (each.what, *each.rows))


def test_an_old_key_in_use(city):
    ring = settings.FIELD_KEYS
    with override_settings(FIELD_KEYS=ring | {"2": ring["1"]}):
        assert any("还在用旧密钥（a1）" in each for each in found_by("keys"))


def test_a_key_that_others_can_read(city, tmp_path):
    path = tmp_path / "field_keys"
    path.write_text("1:…")
    path.chmod(0o600)
    with override_settings(FIELD_KEYS_FILE=path):
        assert found_by("keys") == []
        path.chmod(0o644)
        assert found_by("keys") == ["密钥文件 field_keys 别人也能读（644）"]


# Calendar, disk, settings


def test_a_year_of_which_nothing_is_known(city):
    with clock.at(datetime(2026, 6, 1, tzinfo=CHINA)):
        assert found_by("calendar") == []
    with clock.at(datetime(2026, 11, 2, tzinfo=CHINA)):
        assert found_by("calendar") == ["2027 年的节假日还没有，跨年的期限按周末算"]
    with clock.at(datetime(2031, 6, 1, tzinfo=CHINA)):
        assert found_by("calendar") == ["2031 年的节假日没有，期限和八小时外都按周末算"]
        for number in range(11):
            WorkdayOverride.objects.create(day=date(2031, 10, 1 + number), is_workday=False, reason="国庆")
            expected = ["2031 年的节假日只录了"] if number < 9 else []
            assert [each[:13] for each in found_by("calendar")] == expected


def test_a_disk_that_is_full(city, monkeypatch):
    monkeypatch.setattr(disk, "room", lambda path: disk.Room(200 * disk.GIGA, 400 * disk.GIGA, 10**6))
    assert not [each for each in found_by("disk") if "只" in each]
    monkeypatch.setattr(disk, "room", lambda path: disk.Room(disk.GIGA // 2, 400 * disk.GIGA, 100))
    levels = {each.level for each in findings_of("disk") if "只" in each.what}
    assert levels == {"error"} and "上传（MEDIA_ROOT）只能再建 100 个文件" in found_by("disk")


@pytest.fixture
def sound(tmp_path: Path) -> dict[str, Any]:
    """Settings of a production to which the doctor has nothing to say."""
    (tmp_path / "staticfiles.json").write_text("{}")
    return {
        "PRODUCTION": True, "DEBUG": False, "WENSHAO_DEMO": False, "PROXIES": 1, "STATIC_ROOT": tmp_path,
        "WENSHAO_SMS_URL": "https://sms.example", "ALLOWED_HOSTS": ["wenshao.example"], "SECURE_SSL_REDIRECT": True,
        "SESSION_COOKIE_SECURE": True, "CSRF_COOKIE_SECURE": True, "SECURE_HSTS_SECONDS": 31536000,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": True, "SECURE_HSTS_PRELOAD": True,
    }  # fmt: skip


def test_djangos_own_checks_of_a_production(city, sound):
    with override_settings(**sound):
        assert found_by("settings") == ["没有系统管理员"]
    with override_settings(**(sound | {"SECURE_SSL_REDIRECT": False})):
        assert any("security.W008" in each for each in found_by("settings"))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"WENSHAO_SMS_URL": ""}, "没有短信网关"),
        ({"WENSHAO_SMS_URL": "http://sms.example"}, "不是 https"),
        ({"ALLOWED_HOSTS": ["*"]}, "ALLOWED_HOSTS 里有 *"),
        ({"WENSHAO_DEMO": True}, "WENSHAO_DEMO 开着"),
        ({"DEBUG": True}, "DEBUG 开着"),
        ({"PROXIES": 0}, "WENSHAO_PROXIES 是 0"),
        ({"TIME_ZONE": "UTC"}, "时区是 UTC"),
        ({"STATIC_ROOT": Path("/nowhere")}, "静态文件没有收集"),
        ({"CACHES": {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}}, "缓存 default"),
    ],
)
def test_what_production_must_not_have(city, sound, monkeypatch, values, words):
    # Django's own checks take a second each time; the test above has them look.
    monkeypatch.setattr(setting.checks, "run_checks", lambda **of: [])
    with override_settings(**sound):
        assert found_by("settings") == ["没有系统管理员"]
    with override_settings(**(sound | values)):
        assert any(words in each for each in found_by("settings"))


def test_a_broker_that_is_away(city, monkeypatch):
    def away() -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(setting, "_broker", away)
    assert "消息队列连不上（ConnectionRefusedError）" in found_by("settings")


def test_nobody_answers(city):
    """On Redis a worker is called and none is there; a broker of files cannot be asked."""
    assert found_by("workers") == (["没有 worker 应答"] if settings.REDIS_URL else [])


# Schema


def test_what_was_taken_out_of_the_schema(city):
    assert found_by("constraints") == []
    if ON_POSTGRESQL:
        sql("SET CONSTRAINTS ALL IMMEDIATE")
        sql("ALTER TABLE requests_rating DROP CONSTRAINT rating_one_to_five")
        sql("ALTER TABLE requests_servicerequest DROP CONSTRAINT request_key_once")
        sql("DROP INDEX request_open_due")
    else:
        sql("PRAGMA writable_schema = ON")
        sql(
            "UPDATE sqlite_master SET sql = REPLACE(sql, 'rating_one_to_five', 'nothing') "
            "WHERE name = 'requests_rating'"
        )
        sql("PRAGMA writable_schema = RESET")
        sql("DROP INDEX request_open_due")
    found = {each.what: each.rows for each in findings_of("constraints", is_quick=True)}
    assert "requests_rating.rating_one_to_five" in found["数据库里缺约束"]
    assert found["数据库里缺索引，页面会慢"] == ("requests_servicerequest.request_open_due",)


def test_rows_that_disobey_a_check(city):
    if ON_POSTGRESQL:
        sql("SET CONSTRAINTS ALL IMMEDIATE")
        sql("ALTER TABLE organizations_organization DROP CONSTRAINT organization_root_is_district")
    else:
        sql("PRAGMA ignore_check_constraints = ON")
    sql("UPDATE organizations_organization SET tier = 2 WHERE tier = 1")
    whats = found_by("constraints")
    if not ON_POSTGRESQL:
        sql("PRAGMA ignore_check_constraints = OFF")
    assert "organizations.Organization 的行违反 organization_root_is_district" in whats


@pytest.mark.services  # SQLite counts by the rows, and knows no NOT VALID
def test_loose_constraints_lagging_sequences_and_invalid_indexes(city):
    before = found_by("postgres")
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("ALTER TABLE requests_rating ADD CONSTRAINT later CHECK (satisfied < 9) NOT VALID")
    sql("SELECT setval(pg_get_serial_sequence('accounts_user', 'id'), 1)")
    # An index whose parts have none yet is unfinished too; writing it into the catalogue takes a superuser.
    sql("CREATE TABLE parted (n int) PARTITION BY RANGE (n)")
    sql("CREATE TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (9)")
    sql("CREATE INDEX half ON ONLY parted (n)")
    sql("ALTER TABLE accounts_user SET (autovacuum_enabled = false)")
    said = found_by("constraints", is_quick=True)
    assert {"约束是 NOT VALID 的，旧行没有查过", "序列落在最大编号后面，新行会写不进"} <= set(said)
    new = [
        each for each in found_by("postgres") if each not in before
    ]  # the server's own settings are not ours
    assert new == ["索引是坏的（建到一半断了），查询不用它", "有表关了 autovacuum"]


@pytest.mark.services  # SQLite has no server
@pytest.mark.parametrize("said", ["on", "off"])
def test_a_server_that_does_not_tidy_up_is_a_warning(city, monkeypatch, said):
    ask = postgres._strings
    monkeypatch.setattr(
        postgres, "_strings", lambda sql, *of: [said] if sql == "SHOW autovacuum" else ask(sql, *of)
    )
    levels = {each.level for each in findings_of("postgres") if each.what.startswith("autovacuum 关着")}
    assert levels == ({"warning"} if said == "off" else set())


@pytest.mark.services  # SQLite has neither
def test_old_servers_long_transactions_and_full_houses(city, monkeypatch):
    monkeypatch.setattr(postgres, "LEAST_VERSION", 990_000)
    monkeypatch.setattr(postgres, "FULL", 0.0)
    monkeypatch.setattr(postgres, "OLD", -1)
    said = found_by("postgres")
    assert any("要 15 以上" in each for each in said) and any("连接用了" in each for each in said)
    assert "事务号快用完了，用完会停写" in said


@pytest.mark.once  # PostgreSQL keeps foreign keys itself
def test_a_row_that_points_nowhere(city):
    sql("UPDATE requests_note SET event_id = event_id + 100000")
    assert "外键指向没有的行" in found_by("constraints", is_quick=True)


def test_sqlite_says_that_it_is_for_trying(city):
    said = "数据库是 SQLite：只供一台机器试用和教学"
    assert (said in found_by("postgres")) == (not ON_POSTGRESQL)


def _all_applied() -> None:
    """As after `migrate`; tables of tests are often made straight from the models."""
    recorder, loader = MigrationRecorder(connection), MigrationLoader(connection)
    if not recorder.has_table():
        key = "serial" if ON_POSTGRESQL else "integer"
        columns = f"id {key} PRIMARY KEY, app varchar(255), name varchar(255), applied timestamp"
        sql(f"CREATE TABLE django_migrations ({columns})")
    for app, name in loader.disk_migrations.keys() - loader.applied_migrations.keys():
        recorder.record_applied(app, name)


def test_migrations_on_either_side(city):
    _all_applied()
    assert found_by("migrations") == []
    sql("DELETE FROM django_migrations WHERE app = 'requests' AND name LIKE '0001%%'")
    sql(
        "INSERT INTO django_migrations (app, name, applied) VALUES ('grids', '9999_later', CURRENT_TIMESTAMP)"
    )
    assert found_by("migrations") == ["迁移还没有执行", "数据库里有程序不认识的迁移"]


# Rollups


def test_a_figure_that_lies(city):
    assert found_by("rollups") == ["看板汇总还没有算过"]
    rolling.catch_up()
    assert found_by("rollups") == []
    lying = Rollup.objects.filter(place="city", span="day").first()
    Rollup.objects.filter(pk=lying.pk).update(figures=lying.figures | {"submitted": 4711})
    assert found_by("rollups") == ["看板汇总和行数不符"]
