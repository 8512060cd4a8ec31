"""Limits of the API: so many calls in a minute of the clock, each counted, none missed."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache

from ground import caching, throttling
from ground.caching import ForgivingRedisCache

MOMENT = 1_790_000_000.0 - 1_790_000_000 % 60  # a minute begins


class Three(throttling.UserThrottle):
    rate = "3/min"


@pytest.fixture
def moment(monkeypatch) -> Any:
    now = SimpleNamespace(seconds=MOMENT)
    monkeypatch.setattr(throttling.time, "time", lambda: now.seconds)
    return now


def passes(user: int) -> bool:
    person = SimpleNamespace(pk=user, is_authenticated=True)
    return Three().allow_request(SimpleNamespace(user=person), None)


def test_so_many_in_a_minute_each_for_himself(moment):
    assert [passes(1) for _ in range(5)] == [True, True, True, False, False]
    assert passes(2)
    moment.seconds += 59
    assert not passes(1)
    moment.seconds += 1
    assert passes(1)


def test_it_says_how_long_to_wait(moment):
    moment.seconds += 42
    throttle = Three()
    throttle.allow_request(SimpleNamespace(user=SimpleNamespace(pk=1, is_authenticated=True)), None)
    assert throttle.wait() == 18


def test_whoever_is_forgotten_begins_anew(moment):
    assert [passes(1) for _ in range(4)][-1] is False
    throttling.forget([1], Three())
    assert passes(1)


def test_without_a_rate_there_is_no_limit():
    class Free(throttling.UserThrottle):
        rate = None
        THROTTLE_RATES = {"user": None}

    person = SimpleNamespace(pk=1, is_authenticated=True)
    assert all(Free().allow_request(SimpleNamespace(user=person), None) for _ in range(1000))


def test_while_the_cache_is_away_everybody_passes(monkeypatch):
    away = ForgivingRedisCache("redis://127.0.0.1:9/0", {})
    assert away.counted("a", 60) == 0
    monkeypatch.setattr(caching, "caches", {"default": away})
    assert all(passes(1) for _ in range(9))


@pytest.mark.services
def test_redis_counts_everybody_who_comes_at_once():
    url = os.environ["WENSHAO_TEST_REDIS_URL"]
    cache.clear()

    def ask(number: int) -> int:
        return ForgivingRedisCache(url, {}).counted("throttle-test", 5)

    with ThreadPoolExecutor(16) as pool:
        assert sorted(pool.map(ask, range(200))) == list(range(1, 201))
    one = ForgivingRedisCache(url, {})
    assert 0 < one._cache.get_client().ttl(one.make_key("throttle-test")) <= 5
    one.delete("throttle-test")
