"""导入 on the desk: what the pages of one import tell, offer and never show."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from grids.importing import jobs
from grids.models import ImportFinding, ImportJob, Resident
from tests.factories import City, a_city
from tests.grids.import_scenes import LIST, a_checked_job, checked, findings, page_of, rows_of, url
from tests.grids.people import a_document, a_household, a_resident
from tests.signing_in import strong_client

pytestmark = pytest.mark.django_db
State, Kind = ImportJob.State, ImportFinding.Kind


@pytest.fixture
def city() -> City:
    return a_city()


@pytest.fixture
def client(city: City) -> Client:
    return strong_client(city.home.secretary)


class TestWhileItRuns:
    def test_the_progress_comes_by_htmx_and_without(self, city: City, client: Client) -> None:
        job = a_checked_job(city)
        ImportJob.objects.filter(pk=job.pk).update(state=State.CHECKING)
        page = page_of(client, url("import", job))
        assert "正在预检" in page and 'http-equiv="refresh"' in page and 'hx-trigger="every 1s"' in page
        part = client.get(url("import", job), headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in part and "正在预检" in part and "progressbar" in part

    def test_when_it_stands_still_the_page_is_fetched_anew(self, city: City, client: Client) -> None:
        job = a_checked_job(city, new=1, rows=1)
        answer = client.get(url("import", job), headers={"HX-Request": "true"})
        assert answer.headers["HX-Refresh"] == "true"


class TestDecision:
    def test_bad_rows_stand_in_the_way(self, city: City, client: Client) -> None:
        rows = rows_of(city.home.building)
        rows[1]["证件号码"] = rows[1]["证件号码"][:-1] + ("1" if rows[1]["证件号码"][-1] != "1" else "2")
        job = checked(city, rows)
        page = page_of(client, url("import", job))
        assert "1 行要改" in page and "只导入没有问题的 2 行" in page and "写入 2 人" not in page
        refused = client.post(url("import_confirm", job), follow=True).content.decode()
        assert "1 行要改" in refused and "toast error" in refused
        assert not Resident.objects.exists()
        client.post(url("import_confirm", job), {"good_rows_only": "1"})
        job.refresh_from_db()
        assert (job.state, job.good_rows_only, job.retire_vanished) == (State.LOADING, True, False)
        jobs.load(job.pk)
        assert Resident.objects.present().count() == 2

    def test_those_who_are_not_in_the_sheet(self, city: City, client: Client) -> None:
        gone = a_resident(a_household(city.home.building), "周不在")
        job = checked(city, rows_of(city.home.building))
        page = page_of(client, f"{url('import', job)}?kind=vanished")
        assert "表里没有的 1 人记为迁出" in page
        assert "周不在" in page and reverse("grids:resident", args=[gone.pk]) in page
        client.post(url("import_confirm", job), {"retire_vanished": "1"})
        jobs.load(job.pk)
        gone.refresh_from_db()
        assert gone.standing == Resident.Standing.LEFT
        assert "迁出 1 人" in page_of(client, url("import", job))

    def test_the_same_sheet_again_has_nothing_to_write(self, city: City, client: Client) -> None:
        rows = rows_of(city.home.building)
        first = checked(city, rows)
        client.post(url("import_confirm", first))
        jobs.load(first.pk)
        again = checked(city, rows)
        page = page_of(client, url("import", again))
        assert "和台账一样，没有要导入的" in page and url("import_confirm", again) not in page

    def test_somebody_else_was_quicker(self, city: City, client: Client) -> None:
        job = checked(city, rows_of(city.home.building))
        jobs.cancel(job, by=city.home.secretary)
        page = client.post(url("import_confirm", job), follow=True).content.decode()
        assert "预检完成后才能确认导入" in page and "已取消" in page
        assert "不能取消" in client.post(url("import_cancel", job), follow=True).content.decode()

    def test_giving_it_up(self, city: City, client: Client) -> None:
        job = checked(city, rows_of(city.home.building))
        page = client.post(url("import_cancel", job), follow=True).content.decode()
        assert "已取消，台账没有动过" in page and url("import_confirm", job) not in page


class TestFindings:
    def test_a_page_costs_the_same_however_many_there_are(self, city: City, client: Client) -> None:
        resident = a_resident(a_household(city.home.building))
        queries = []
        for count in (10, 1000):
            job = a_checked_job(city, rows=count, bad=count, changed=count)
            findings(job, Kind.BAD, count)
            findings(job, Kind.CHANGED, count, resident)
            for kind in (Kind.BAD, Kind.CHANGED):
                with CaptureQueriesContext(
                    connection,
                ) as captured:
                    page_of(client, f"{url('import', job)}?kind={kind}")
                queries.append(len(captured))
        assert len(set(queries)) == 1 and queries[0] <= 12, queries

    def test_the_list_of_imports_too(self, city: City, client: Client) -> None:
        queries = []
        for count in (2, 20):
            for _ in range(count):
                a_checked_job(city, bad=1)
            with CaptureQueriesContext(connection) as captured:
                page_of(client, LIST)
            queries.append(len(captured))
        assert queries[0] == queries[1] <= 12, queries

    def test_page_after_page_every_finding_comes_once(self, city: City, client: Client) -> None:
        job = a_checked_job(city, bad=120, rows=200)
        findings(job, Kind.BAD, 120)
        findings(a_checked_job(city, bad=5), Kind.BAD, 5)
        seen, after = [], ""
        for _ in range(3):
            answer = client.get(f"{url('import', job)}?kind=bad&after={after}")
            seen += [each["finding"].row for each in answer.context["findings"]]
            after = answer.context["next_key"]
        assert seen == list(range(2, 122)) and after == ""

    def test_strange_addresses_show_the_first_page(self, city: City, client: Client) -> None:
        job = a_checked_job(city, bad=1, rows=1)
        findings(job, Kind.BAD, 1)
        for query in ("kind=x", "kind=bad&after=²", f"after={'9' * 30}", "kind=moved"):
            assert "要改。" in page_of(client, f"{url('import', job)}?{query}")

    def test_who_has_gone_to_another_community_is_not_named(self, city: City, client: Client) -> None:
        elsewhere = a_resident(a_household(city.next_door.building), "吴别处")
        job = a_checked_job(city, changed=1, rows=1)
        findings(job, Kind.CHANGED, 1, elsewhere)
        page = page_of(client, url("import", job))
        assert "吴别处" not in page and f"/desk/residents/{elsewhere.pk}/" not in page

    def test_the_report_and_the_page_show_no_whole_number(self, city: City, client: Client) -> None:
        rows = rows_of(city.home.building, 4)
        rows[0] |= {"证件号码": a_document(date(1951, 2, 3))[:-1] + "Y", "手机号": "13807519999"}
        rows[1] |= {"手机号": "138075100001"}
        rows[2] |= {"姓名": "=陈小红+1"}
        job = checked(city, rows)
        answer = client.get(url("import_report", job))
        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Disposition"].startswith("attachment")
        text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
        table = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
        assert text.startswith("\ufeff") and table[0] == jobs.REPORT_TITLES
        assert len(table) == 1 + ImportFinding.objects.filter(job=job).count() > 2
        for shown in (text, page_of(client, url("import", job))):
            for row in rows:
                assert row["证件号码"] not in shown and row["手机号"] not in shown
        assert not [cell for row in table for cell in row if cell.startswith(("=", "+", "@"))]


class TestColumns:
    TITLES = ("楼栋编码", "住哪间", "姓名", "证件号码", "手机号", "与户主关系", "民族")

    def odd(self, city: City) -> ImportJob:
        rows = [{**row, "民族": "汉"} for row in rows_of(city.home.building, 2)]
        with_door = [{**row, "第二房号": row["房号"]} for row in rows]
        return checked(city, with_door, titles=(*self.TITLES, "房号"))

    @staticmethod
    def as_understood(client: Client, job: ImportJob) -> dict[str, str]:
        form = client.get(url("import_columns", job)).context["form"]
        return {name: field.initial for name, field in form.fields.items()}

    def test_there_and_back(self, city: City, client: Client) -> None:
        job = self.odd(city)
        page = page_of(client, url("import_columns", job))
        assert "当作居民表" in page and "没有用到的列" in page and "民族" in page and "要有" in page
        data = self.as_understood(client, job)
        assert data["0-door"] == str(self.TITLES.index("民族") + 1)
        data["0-door"] = str(self.TITLES.index("住哪间"))
        data["0-phone"] = "-"
        answer = client.post(url("import_columns", job), data)
        assert answer["Location"] == url("import", job)
        job.refresh_from_db()
        assert job.state == State.WAITING
        assert job.mapping["居民"]["door"] == "住哪间" and job.mapping["居民"]["phone"] == "-"
        jobs.check(job.pk)
        job.refresh_from_db()
        assert job.state == State.CHECKED and job.counts["new"] == 2
        again = client.get(url("import_columns", job)).context["form"]
        assert again["0-door"].initial == data["0-door"] and again["0-phone"].initial == "-"

    def test_a_sheet_without_a_known_door_is_helped_with_one_choice(self, city: City, client: Client) -> None:
        job = checked(city, rows_of(city.home.building, 2), titles=self.TITLES[:-1])
        assert "没有认出列名" in page_of(client, url("import", job)) and job.counts["rows"] == 0
        page = page_of(client, url("import_columns", job))
        assert "没有认出来" in page and "还没有找到要有的列" in page and "<br>房号" in page
        data = self.as_understood(client, job)
        client.post(url("import_columns", job), data | {"0-door": "1"})
        jobs.check(job.pk)
        job.refresh_from_db()
        assert job.counts["new"] == 2 and "可以导入：新增 2 人" in page_of(client, url("import", job))

    def test_one_column_is_not_two(self, city: City, client: Client) -> None:
        job = self.odd(city)
        data = self.as_understood(client, job)
        data["0-phone"] = data["0-number"]
        page = client.post(url("import_columns", job), data).content.decode()
        assert "这一列已经认作“证件号码”" in page
        job.refresh_from_db()
        assert job.state == State.CHECKED

    def test_of_an_import_that_has_ended(self, city: City, client: Client) -> None:
        job = self.odd(city)
        data = self.as_understood(client, job)
        jobs.cancel(job, by=city.home.secretary)
        assert client.get(url("import_columns", job))["Location"] == url("import", job)
        page = client.post(url("import_columns", job), data, follow=True).content.decode()
        assert "toast error" in page and "已取消" in page
