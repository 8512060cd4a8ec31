"""Without Redis reads find nothing, writes are dropped, and nobody counts."""

import time
from typing import Any

import pytest
from redis.exceptions import AuthenticationError, AuthorizationError

from ground import caching
from ground.caching import Away, ForgivingRedisCache

NOWHERE = "redis://127.0.0.1:9/0"


@pytest.fixture(autouse=True)
def nothing_owed(monkeypatch) -> None:
    monkeypatch.setattr(caching._Client, "owed", set())


@pytest.fixture
def cache() -> ForgivingRedisCache:
    return ForgivingRedisCache(NOWHERE, {})


def test_everything_but_counting_goes_on(cache):
    assert cache.get("a") is None
    assert cache.get("a", "nothing") == "nothing"
    cache.set("a", 1)
    assert cache.add("a", 1) is True
    assert cache.get_many(["a", "b"]) == {}
    assert cache.has_key("a") is False
    assert cache.get_or_set("a", lambda: 7) == 7
    assert cache.delete("a") is False
    cache.set_many({"a": 1})
    cache.delete_many(["a"])


def test_counting_is_refused_and_says_so_as_a_missing_key_does(cache):
    with pytest.raises(Away):
        cache.incr("a")
    assert issubclass(Away, ValueError)


def test_whoever_found_it_away_does_not_ask_again_for_a_moment(cache, monkeypatch):
    asked = []

    def ask(self, key, default):
        asked.append(key)
        raise caching.TooLate

    monkeypatch.setattr(caching.Client, "get", caching._or(lambda key, default: default)(ask))
    assert [cache.get(f"{number}") for number in range(5)] == [None] * 5
    assert len(asked) == 1
    cache._cache.away_until = time.monotonic() - 1
    cache.get("again")
    assert len(asked) == 2


def test_an_error_of_the_operator_stays_loud(cache, monkeypatch):
    def ask(self, key, default):
        raise RuntimeError("NOAUTH")

    monkeypatch.setattr(caching.Client, "get", caching._or(lambda key, default: default)(ask))
    with pytest.raises(RuntimeError):
        cache.get("a")


@pytest.mark.parametrize("error", [AuthenticationError, AuthorizationError])
def test_a_refused_password_is_no_absence_although_the_library_calls_it_one(cache, monkeypatch, error):
    def ask(self, key, default):
        raise error

    monkeypatch.setattr(caching.Client, "get", caching._or(lambda key, default: default)(ask))
    with pytest.raises(error):
        cache.get("a")


class Server:
    """A Redis that can be out of reach, and comes back with all that it knew."""

    def __init__(self) -> None:
        self.rows: dict[str, Any] = {}
        self.is_away = False

    def _asked(self) -> None:
        if self.is_away:
            raise caching.NotConnected

    def get(self, key: str) -> Any:
        self._asked()
        return self.rows.get(key)

    def set(self, key: str, value: Any, ex: int | None = None) -> None:
        self._asked()
        self.rows[key] = value

    def delete(self, *keys: str) -> int:
        self._asked()
        return sum(self.rows.pop(key, None) is not None for key in keys)


@pytest.fixture
def server(monkeypatch) -> Server:
    server = Server()
    monkeypatch.setattr(caching.Client, "get_client", lambda self, key=None, *, write=False: server)
    return server


def test_what_was_ended_while_it_was_away_does_not_come_back_with_it(server):
    """A session of a lost phone: its row is gone, and the copy in the cache would open it for two weeks."""
    cache, of_another_thread = ForgivingRedisCache(NOWHERE, {}), ForgivingRedisCache(NOWHERE, {})
    for key in ("ended", "weakened", "untouched"):
        cache.set(key, "as it was")
    server.is_away = True
    cache.delete("ended")
    cache.set("weakened", "as it is")
    server.is_away = False
    assert of_another_thread.get("ended") is None
    assert of_another_thread.get("weakened") is None
    assert of_another_thread.get("untouched") == "as it was"


def test_what_is_owed_stays_owed_until_it_is_heard(server):
    cache, other = ForgivingRedisCache(NOWHERE, {}), ForgivingRedisCache(NOWHERE, {})
    cache.set("ended", "as it was")
    server.is_away = True
    cache.delete("ended")
    assert other.get("ended") is None
    server.is_away = False
    assert ForgivingRedisCache(NOWHERE, {}).get("ended") is None
