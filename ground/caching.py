"""The cache of production: Redis, or nothing for as long as Redis does not answer.

Whatever lies in a cache is there to be quick, so a page goes on without: reads find nothing, writes are dropped.
Counting is the exception. Limits on guessing stand on it, so `incr` raises Away (a ValueError, as for a key that
is not there), and its caller says whether it goes on or refuses. Whoever found Redis away does not ask again for
AWAY_SECONDS, so that a server that hangs costs a worker one time-out and not one for every key.

A server that was out of reach comes back with all that it knew, sessions among it that were ended meanwhile. So the
keys of dropped writes are kept by the process, and deleted before anything else is asked of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

import structlog
from django.core.cache import cache, caches
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, AuthorizationError
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import TimeoutError as TooLate
from redis.retry import Retry

log = structlog.get_logger(__name__)

#: Busy loading after a start is one of them.
_AWAY = (NotConnected, TooLate, OSError)
#: Refusing a password is an error of the operator and stays loud, as read-only does; the library has it among the
#: absences.
_REFUSED = (AuthenticationError, AuthorizationError)
AWAY_SECONDS = 2.0
CONNECT_SECONDS, ANSWER_SECONDS = 1.0, 2.0

#: Of more dropped writes nobody keeps the keys.
MOST_OWED = 50_000

Method = Callable[..., Any]


class Away(ValueError):
    """The cache cannot count now."""


class _Client(RedisCacheClient):
    """Redis with time-outs, one retry for connections that died with the last server, and answers for when it is
    away."""

    #: Keys of dropped writes, for all threads of the process; there is one server.
    owed: ClassVar[set[str]] = set()

    def __init__(self, servers: Any, **options: Any) -> None:
        quick: dict[str, Any] = {
            "socket_connect_timeout": CONNECT_SECONDS,
            "socket_timeout": ANSWER_SECONDS,
            "retry": Retry(NoBackoff(), 1),
        }
        super().__init__(servers, **quick | options)
        self.away_until = 0.0
        self._one: Any = None

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        """The one of our one server: building it anew for every question costs a third of the question."""
        if self._one is None:
            self._one = super().get_client(key, write=True)
        return self._one

    def attempt(self, call: Method, otherwise: Method) -> Any:
        if time.monotonic() < self.away_until:
            return otherwise()
        try:
            self._pay()
            return call()
        except _REFUSED:
            raise
        except _AWAY as error:
            self.away_until = time.monotonic() + AWAY_SECONDS
            log.warning("cache away", error=type(error).__name__)
            return otherwise()

    def _pay(self) -> None:
        if keys := set(self.owed):
            self.owed.difference_update(keys)  # first: what another thread adds from here on stays
            try:
                RedisCacheClient.delete_many(self, keys)
            except Exception:
                self.owed.update(keys)
                raise


def _owe(*keys: str) -> None:
    if len(_Client.owed) < MOST_OWED:
        _Client.owed.update(keys)


def _or(answer: Method) -> Callable[[Method], Method]:
    """A method that gives `answer(*arguments)` while Redis is away."""

    def wrapping(method: Method) -> Method:
        @wraps(method)
        def wrapped(self: _Client, *arguments: Any, **named: Any) -> Any:
            return self.attempt(
                lambda: method(self, *arguments, **named), lambda: answer(*arguments, **named)
            )

        return wrapped

    return wrapping


def _refuse(*arguments: Any, **named: Any) -> Any:
    raise Away("the cache is away and cannot count")


def _dropped(key: str, *_: Any, **named: Any) -> bool:
    _owe(key)
    return False


def _all_dropped(keys: Any, *_: Any, **named: Any) -> None:
    _owe(*keys)


class Client(_Client):
    @_or(lambda *_: 0)
    def counted(self, key: str, seconds: int) -> int:
        """See the function: one trip. The first one's clock runs out, whoever comes after."""
        with self.get_client(key, write=True).pipeline(transaction=False) as pipeline:
            pipeline.set(key, 0, ex=seconds, nx=True)
            pipeline.incr(key)
            return int(pipeline.execute()[1])

    add = _or(lambda *_: True)(RedisCacheClient.add)  # nobody else is known to hold it
    get = _or(lambda key, default: default)(RedisCacheClient.get)
    set = _or(_dropped)(RedisCacheClient.set)
    touch = _or(lambda *_: False)(RedisCacheClient.touch)
    delete = _or(_dropped)(RedisCacheClient.delete)
    get_many = _or(lambda *_: {})(RedisCacheClient.get_many)
    has_key = _or(lambda *_: False)(RedisCacheClient.has_key)
    incr = _or(_refuse)(RedisCacheClient.incr)
    set_many = _or(_all_dropped)(RedisCacheClient.set_many)
    delete_many = _or(_all_dropped)(RedisCacheClient.delete_many)


class ForgivingRedisCache(RedisCache):
    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = Client

    def counted(self, key: str, seconds: int) -> int:
        client: Any = self._cache
        return int(client.counted(self.make_and_validate_key(key), seconds))


def counted(key: str, seconds: int) -> int:
    """How often the key has been counted since it was first counted within the last `seconds`, this time included.

    0 while the cache is away: who must not let everybody pass then asks `incr`.
    """
    if isinstance(caches["default"], ForgivingRedisCache):
        return caches["default"].counted(key, seconds)
    cache.add(key, 0, seconds)
    return cache.incr(key)
