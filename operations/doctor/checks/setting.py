"""Settings: what production must have, what embedded has for trying only, and the services that they name."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from celery import current_app
from django.conf import settings
from django.core import checks
from django.core.cache import caches
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from operations.doctor.findings import Finding, Level, error, note, warning
from operations.doctor.registry import Ask, check

CITY = "Asia/Shanghai"
#: Seconds for a broker to answer.
WAIT = 3
#: The clocks of this machine and of the database may be so far apart.
APART = timedelta(seconds=30)
_LEVELS = {checks.ERROR: Level.ERROR, checks.CRITICAL: Level.ERROR, checks.WARNING: Level.WARNING}
NTP = "在两台机器上都打开时间同步（timedatectl set-ntp true）。"


@check("settings", "设置", cost="约 2 秒：系统检查、时钟、缓存、消息队列各问一次")
def settings_of_platform(ask: Ask) -> Iterator[Finding]:
    """Django's own checks pass (those of deployment in production), debugging and demo are off, codes can be sent,
    hosts are named, the clock and its zone are right, cache and broker answer. What is only for trying is said."""
    yield from _of_django()
    yield from (_of_production() if settings.PRODUCTION else _of_embedded())
    yield from _clock()
    yield from _services()


def _of_django() -> Iterator[Finding]:
    said = checks.run_checks(include_deployment_checks=settings.PRODUCTION, databases=["default"])
    for each in said:
        level = _LEVELS.get(each.level)
        if level and each.id not in settings.SILENCED_SYSTEM_CHECKS:
            yield Finding(level, f"{each.id}：{each.msg}", each.hint or "见 manage.py check --deploy。")


def _of_production() -> Iterator[Finding]:
    if settings.DEBUG:
        yield error("DEBUG 开着：出错页面会给人看代码和数据", "WENSHAO_DEBUG 去掉，重启。")
    if settings.WENSHAO_DEMO:
        yield error("WENSHAO_DEMO 开着：登录验证码显示在页面上", "WENSHAO_DEMO 去掉，重启。")
    if not settings.WENSHAO_SMS_URL:
        yield error(
            "没有短信网关，验证码发不出去，没有人登录得了",
            "在 .env 里填 WENSHAO_SMS_URL 和 WENSHAO_SMS_TOKEN。",
        )
    elif not settings.WENSHAO_SMS_URL.startswith("https://"):
        yield warning("短信网关不是 https，验证码在网上是明文", "WENSHAO_SMS_URL 换成 https 的地址。")
    if "*" in settings.ALLOWED_HOSTS:
        yield error("ALLOWED_HOSTS 里有 *：任何域名都能冒充本站", "只写自己的域名。")
    if not settings.PROXIES:
        yield warning(
            "WENSHAO_PROXIES 是 0：限流和登录锁定会把反向代理当成所有人", "写前面有几层反向代理（通常 1）。"
        )
    if not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        yield error("静态文件没有收集，页面没有样式", "manage.py collectstatic --noinput。")
    if not User.objects.filter(is_administrator=True, is_active=True).exists():
        yield warning("没有系统管理员", "manage.py create_administrator --phone 号码。")


def _of_embedded() -> Iterator[Finding]:
    trying = "给真实的人用：WENSHAO_MODE=production，见 docs/operations.md。"
    yield note("embedded 方式：只听本机，密钥自动生成在 var 里，只供试用和教学", trying)
    if settings.DEBUG:
        yield note("WENSHAO_DEBUG 开着", "只在开发时开。")
    if settings.WENSHAO_DEMO:
        yield note("WENSHAO_DEMO 开着：登录验证码显示在页面上", "有真实的人之前去掉。")


def _clock() -> Iterator[Finding]:
    if settings.TIME_ZONE != CITY or not settings.USE_TZ:
        yield error(
            f"时区是 {settings.TIME_ZONE}，工作日和下班时间会算错",
            f"settings 里 TIME_ZONE = {CITY}，USE_TZ = True。",
        )
    there = User.objects.order_by().annotate(there=Now()).values_list("there", flat=True).first()
    here = timezone.now()  # not `ground.clock`: this is about the machine
    if there is not None and not connection.in_atomic_block and abs(here - there) > APART:
        yield error(f"本机和数据库的时钟差 {int(abs(here - there).total_seconds())} 秒", NTP)


def _services() -> Iterator[Finding]:
    for name in caches:
        if broken := _asked(lambda name=name: _through(caches[name])):
            yield error(
                f"缓存 {name} 连不上（{broken}）", "确认 Redis 在运行，REDIS_URL 是对的；embedded：var 可写。"
            )
    if broken := _asked(_broker):
        yield error(
            f"消息队列连不上（{broken}）", "确认 Redis 在运行，REDIS_URL 是对的；这期间消息由 beat 补送。"
        )


def _through(cache: Any) -> None:
    name, value = f"doctor-{secrets.token_hex(8)}", secrets.token_hex(8)
    cache.set(name, value, 30)
    back = cache.get(name)
    cache.delete(name)
    if back != value:
        raise OSError("what was put in did not come out")


def _broker() -> None:
    with current_app.connection_for_write(connect_timeout=WAIT) as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, timeout=WAIT)


def _asked(question: Any) -> str:
    """The kind of the error; "" where there was an answer."""
    try:
        question()
    except Exception as problem:  # drivers raise what they like
        return type(problem).__name__
    return ""
