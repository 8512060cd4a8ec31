"""PostgreSQL stopped, crashed and started again under load: 503 with a sentence, nothing half, nobody restarted."""

import threading
from collections import Counter
from itertools import count

import httpx
import pytest
from django.db import connection

from notifications.models import Message
from requests.models import Note, RequestEvent
from tests import factories
from tests.notifications import somebody_awake
from tests.operations.doctoring import doctor_is_clean
from tests.operations.faults.platform import Platform
from tests.operations.faults.scenes import waiting_for
from tests.workflow import filed

pytestmark = [pytest.mark.services]
SENTENCE = "系统正在恢复，这一步没有完成，请过一会儿再试。"
CLIENTS = 3


class Load:
    """Clients who read a page and add words to a request of their own, one after the other, until told to stop."""

    def __init__(self, platform: Platform) -> None:
        self.stopping = threading.Event()
        self.answers: list[tuple[str, str, httpx.Response]] = []
        city = factories.a_city()
        self.threads = []
        for _ in range(CLIENTS):
            user = factories.a_user()
            number = filed(city, by=user).number
            clients = (platform.browser(user), platform.api(user))
            self.threads.append(threading.Thread(target=self._go_on, args=(number, *clients)))
        for thread in self.threads:
            thread.start()

    def _go_on(self, number: str, page: httpx.Client, api: httpx.Client) -> None:
        words = (f"{number} 第 {each} 次补充" for each in count(1))
        while not self.stopping.is_set():
            text = next(words)
            self.answers.append(("page", "", page.get("/requests/")))
            self.answers.append(
                ("step", text, api.post(f"/requests/{number}/steps/add/", json={"text": text}))
            )

    def statuses(self) -> Counter[int]:
        return Counter(answer.status_code for _, _, answer in list(self.answers))

    def wants(self, platform: Platform, status: int) -> None:
        """Go on until some more of this answer have come."""
        before = self.statuses()[status]
        platform.until(lambda: self.statuses()[status] >= before + 4)

    def end(self) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def test_postgresql_restarted_under_load(platform):
    before = {name: process.pid for name, process in platform.running.items()}
    load = Load(platform)
    try:
        load.wants(platform, 200)
        for how in ("fast", "immediate"):
            connection.close()
            platform.postgresql.stop(how)
            load.wants(platform, 503)
            platform.postgresql.start()
            load.wants(platform, 200)
    finally:
        load.end()
    assert set(load.statuses()) == {200, 503}
    for kind, text, answer in load.answers:
        kept = RequestEvent.objects.filter(step="add", note__text=text).count() if kind == "step" else 0
        if answer.status_code == 503:
            assert SENTENCE in (answer.json()["detail"] if kind == "step" else answer.text)
            assert answer.headers["Retry-After"]
            assert kept <= 1  # committed in the moment in which the answer was lost
        elif kind == "step":
            assert kept == 1, text
    assert Note.objects.filter(event__step="add").count() == RequestEvent.objects.filter(step="add").count()

    user = somebody_awake()
    platform.send("notifications.deliver_rows", [waiting_for(user, "after")])
    platform.until(lambda: Message.objects.filter(to=user).count() == 1)
    assert {name: process.pid for name, process in platform.running.items()} == before
    assert all(process.poll() is None for process in platform.running.values())
    assert "Traceback" not in "".join(answer.text for _, _, answer in load.answers)
    doctor_is_clean()
