"""导入 on the desk: who finds it, and how a sheet comes in."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from grids.importing import jobs
from grids.models import ImportJob, Resident
from ground.sheets import open_book
from organizations.posts import Post
from tests.factories import City, a_city, a_community, a_grid_worker, a_unit, a_user, appoint
from tests.grids.import_scenes import LIST, TITLES, a_book, a_file, checked, page_of, rows_of, url
from tests.grids.people import a_document
from tests.signing_in import strong_client, weak_client

pytestmark = pytest.mark.django_db
State = ImportJob.State


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def client(city: City) -> Client:
    return strong_client(city.home.secretary)


class TestSight:
    def test_nobody_else_finds_it(self, city: City) -> None:
        job = checked(city, rows_of(city.home.building))
        for who in self.outsiders(city):
            client = strong_client(who)
            for name in ("import", "import_columns", "import_report"):
                assert client.get(url(name, job)).status_code == 404, (who.name, name)
            for name in ("import_confirm", "import_cancel", "import_columns"):
                assert client.post(url(name, job)).status_code == 404, (who.name, name)
        job.refresh_from_db()
        assert job.state == State.CHECKED

    def test_the_list_is_for_whole_communities_only(self, city: City) -> None:
        checked(city, rows_of(city.home.building))
        for who in self.outsiders(city):
            answer = strong_client(who).get(LIST)
            if who == city.next_door.secretary:
                assert "台账.xlsx" not in answer.content.decode()
            else:
                assert answer.status_code == 404, who.name
                assert strong_client(who).post(LIST, {}).status_code == 404
                assert strong_client(who).get(f"{LIST}template/").status_code == 404
        assert weak_client(a_user("居民")).get(LIST).status_code == 404
        assert Client().get(LIST).status_code == 302

    def test_the_staff_of_the_community_do(self, city: City) -> None:
        job = checked(city, rows_of(city.home.building))
        for post in (Post.COMMUNITY_WORKER, Post.FIRST_SECRETARY):
            who = a_user()
            appoint(who, post, city.home.organization)
            assert "台账.xlsx" in page_of(strong_client(who), LIST)
            assert job.name in page_of(strong_client(who), url("import", job))

    def test_the_menu_leads_there_for_them_alone(self, city: City) -> None:
        leader = a_user("支部网格长")
        appoint(leader, Post.GRID_LEADER, city.home.grid.branch)
        line = f'href="{LIST}"'
        assert line in strong_client(city.home.secretary).get("/desk/requests/").content.decode()
        for who in (a_grid_worker(city.home), leader):
            assert line not in strong_client(who).get("/desk/requests/").content.decode()

    def test_a_sheet_for_the_next_community_is_refused(self, city: City, client: Client) -> None:
        appoint(city.home.secretary, Post.COMMUNITY_WORKER, a_community(city.street, "第三").organization)
        data = {
            "community": city.next_door.organization.pk,
            "file": a_file(a_book(rows_of(city.home.building))),
        }
        answer = client.post(LIST, data)
        assert "请选你任职的社区" in answer.content.decode()
        wanted = f"{LIST}template/?community={city.next_door.organization.pk}"
        assert client.get(wanted).status_code == 404
        assert not ImportJob.objects.exists()

    @staticmethod
    def outsiders(city: City) -> list[User]:
        home = city.home
        posts = (
            ("街道干部", Post.OFFICER, city.street),
            ("区委干部", Post.OFFICER, city.district),
            ("支部书记", Post.SECRETARY, home.grid.branch),
            ("支部网格长", Post.GRID_LEADER, home.grid.branch),
            ("联络员", Post.UNIT_LIAISON, a_unit(city)),
        )
        found = [city.next_door.secretary, a_grid_worker(home), a_user("管理员", is_administrator=True)]
        for name, post, place in posts:
            found.append(a_user(name))
            appoint(found[-1], post, place)
        return found


class TestUpload:
    @pytest.mark.django_db(transaction=True)
    def test_from_the_file_to_the_registry(self) -> None:
        city = a_city()
        client = strong_client(city.home.secretary)
        answer = client.post(LIST, {"file": a_file(a_book(rows_of(city.home.building)))})
        job = ImportJob.objects.get()
        assert answer["Location"] == url("import", job)
        page = page_of(client, answer["Location"])
        assert "可以导入：新增 3 人" in page and "写入 3 人" in page
        assert not Resident.objects.exists()
        client.post(url("import_confirm", job))
        assert Resident.objects.present().count() == 3
        assert "已导入：新增 3 人" in page_of(client, url("import", job))
        assert "新增 3 人" in page_of(client, LIST)

    def test_a_double_tap_makes_one_job(self, city: City, client: Client) -> None:
        content = a_book(rows_of(city.home.building))
        answers = [client.post(LIST, {"file": a_file(content)}) for _ in range(2)]
        assert answers[0]["Location"] == answers[1]["Location"] == url("import", ImportJob.objects.get())

    @pytest.mark.parametrize(
        ("name", "content", "sentence"),
        [
            ("旧表.xls", b"PK", "这是旧的 .xls 格式"),
            ("表.docx", b"PK", "只收 .xlsx 和 .csv"),
            ("空.xlsx", b"", "文件是空的"),
            ("网页.xlsx", b"<html><table>", "这是网页格式的表格"),
            ("图.csv", b"\x89PNG", "这不是表格文件"),
        ],
    )
    def test_what_is_no_sheet_is_said_at_the_field(
        self, client: Client, name: str, content: bytes, sentence: str
    ) -> None:
        page = client.post(LIST, {"file": a_file(content, name)})
        assert page.status_code == 200 and sentence in page.content.decode()
        assert not ImportJob.objects.exists()

    def test_nothing_chosen(self, client: Client) -> None:
        assert "请先选一张表" in client.post(LIST, {}).content.decode()

    def test_too_large_is_let_go_by(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("grids.views.import_forms.MAX_BYTES", 100_000)
        page = client.post(LIST, {"file": a_file(b"a,b\n" * 50_000, "大.csv")}).content.decode()
        assert "文件超过" in page and "请先选一张表" not in page
        assert not ImportJob.objects.exists()

    def test_many_files_at_once_fill_no_memory(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("grids.views.import_forms.MAX_BYTES", 100_000)
        many = {f"file{number}": a_file(b"a,b\n" * 20_000, "大.csv") for number in range(5)}
        request = client.post(LIST, many).wsgi_request
        assert sum(file.size for file in request.FILES.values()) <= 100_000

    def test_the_file_lies_open_on_no_disk(self, city: City, client: Client, settings: Any) -> None:
        settings.FILE_UPLOAD_TEMP_DIR = "/nonexistent"  # where larger uploads go otherwise
        number = a_document()
        content = (",".join(TITLES) + f"\n{city.home.building.code},101,陈小明,{number},,户主\n").encode()
        answer = client.post(LIST, {"file": a_file(content + b"," * 5 + b"\n" * 3_000_000, "表.csv")})
        assert answer.status_code == 302
        with ImportJob.objects.get().file.open("rb") as kept:
            assert number.encode() not in kept.read()

    def test_the_token_of_the_form_is_asked_all_the_same(self, city: City) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.cookies = strong_client(city.home.secretary).cookies
        content = a_book(rows_of(city.home.building))
        assert browser.post(LIST, {"file": a_file(content)}).status_code == 403
        browser.get(LIST)
        token = browser.cookies["wenshao_csrf"].value
        answer = browser.post(LIST, {"file": a_file(content), "csrfmiddlewaretoken": token})
        assert answer.status_code == 302

    def test_who_has_several_communities_chooses(self, city: City, client: Client) -> None:
        third = a_community(city.street, "第三").organization
        appoint(city.home.secretary, Post.COMMUNITY_WORKER, third)
        assert "导入到哪个社区" in page_of(client, LIST)
        content = a_book(rows_of(city.home.building))
        assert "请选社区" in client.post(LIST, {"file": a_file(content)}).content.decode()
        client.post(LIST, {"file": a_file(content), "community": third.pk})
        assert ImportJob.objects.get().community == third

    def test_a_file_that_cannot_be_read_says_so_and_offers_another_try(
        self, city: City, client: Client
    ) -> None:
        broken = a_book(rows_of(city.home.building))[:-400]
        client.post(LIST, {"file": a_file(broken)})
        job = ImportJob.objects.get()
        if job.state == State.WAITING:
            jobs.check(job.pk)
            job.refresh_from_db()
        page = page_of(client, url("import", job))
        assert job.state == State.FAILED
        assert "这张表没有读成" in page and job.sentence in page and "重新上传" in page
        assert job.sentence in page_of(client, LIST)

    def test_the_template_has_the_columns(self, city: City, client: Client) -> None:
        answer = client.get(f"{LIST}template/")
        assert "no-store" in answer.headers["Cache-Control"]
        with open_book(answer.content, "模板.xlsx") as book:
            titles = [cell for sheet in book.sheets for _, cells in sheet.rows() for cell in cells]
        assert {"姓名", "房号"} <= {str(title).removesuffix("*") for title in titles}

    def test_an_empty_list_says_what_to_do(self, client: Client) -> None:
        page = page_of(client, LIST)
        assert "还没有导入过" in page and "下载模板" in page

    def test_a_mended_sheet_takes_the_place_of_the_one_with_faults(self, city: City, client: Client) -> None:
        rows = rows_of(city.home.building)
        rows[0]["手机号"] = "1"
        older = checked(city, rows)
        page = page_of(client, url("import", older))
        assert f"{LIST}?again={older.pk}#upload" in page
        assert "代替“台账.xlsx”的预检结果" in page_of(client, f"{LIST}?again={older.pk}")
        rows[0]["手机号"] = ""
        client.post(LIST, {"file": a_file(a_book(rows)), "again": older.pk})
        older.refresh_from_db()
        assert older.state == State.CANCELLED
        assert ImportJob.objects.exclude(pk=older.pk).get().state == State.WAITING

    def test_the_same_sheet_again_leaves_it_where_it_is(self, city: City, client: Client) -> None:
        content = a_book(rows_of(city.home.building))
        client.post(LIST, {"file": a_file(content)})
        job = ImportJob.objects.get()
        jobs.check(job.pk)
        client.post(LIST, {"file": a_file(content), "again": job.pk})
        assert ImportJob.objects.get().state == State.CHECKED

    def test_another_community_loses_nothing_by_it(self, city: City, client: Client) -> None:
        theirs = ImportJob.objects.create(
            community=city.next_door.organization, name="隔壁.xlsx", state=State.CHECKED
        )
        assert "隔壁.xlsx" not in page_of(client, f"{LIST}?again={theirs.pk}")
        client.post(LIST, {"file": a_file(a_book(rows_of(city.home.building))), "again": theirs.pk})
        theirs.refresh_from_db()
        assert theirs.state == State.CHECKED

    def test_the_list_says_what_each_waits_for(self, city: City, client: Client) -> None:
        home = city.home.organization
        for counts in ({"rows": 9, "bad": 2}, {"rows": 9, "new": 9}, {"rows": 9, "unchanged": 9}, {}):
            ImportJob.objects.create(community=home, name="表.xlsx", state=State.CHECKED, counts=counts)
        labels = [each["chip"]["label"] for each in client.get(LIST).context["jobs"]]
        assert labels == ["要改", "没有变化", "待确认", "要改"]

    def test_a_long_list_goes_on(self, city: City, client: Client) -> None:
        for number in range(32):
            ImportJob.objects.create(
                community=city.home.organization, name=f"第 {number} 张.xlsx", state=State.DONE
            )
        first = page_of(client, LIST)
        assert "第 31 张" in first and "第 1 张" not in first
        last = ImportJob.objects.order_by("-pk")[29].pk
        assert f"?before={last}" in first and "第 1 张" in page_of(client, f"{LIST}?before={last}")
        assert "第 31 张" in page_of(client, f"{LIST}?before=²")
