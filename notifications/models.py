"""Messages: what is to be said (outbox), to whom it was said (inbox), and one-to-many news (fan-out).

An outbox row is written in the transaction of the step that causes it. Delivery comes after commit, by a
worker; a periodic sweep delivers what a broker outage or a killed worker left behind.
"""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from ground import clock

USER = settings.AUTH_USER_MODEL


class Outgoing(models.Model):
    """One thing to say to one person. `key` makes saying it twice impossible."""

    class State(models.TextChoices):
        WAITING = "waiting", "待发送"
        SENT = "sent", "已送达"
        FAILED = "failed", "发送失败"

    key = models.CharField("去重键", max_length=120, unique=True, help_text="事件与收件人。")
    to = models.ForeignKey(USER, verbose_name="收件人", on_delete=models.CASCADE, related_name="+")
    title = models.CharField("标题", max_length=80)
    text = models.CharField("正文", max_length=300, blank=True)
    url = models.CharField("打开", max_length=200, blank=True)
    is_urgent = models.BooleanField("紧急", default=False)
    created_at = models.DateTimeField("产生", default=clock.now)
    state = models.CharField("状态", max_length=8, choices=State, default=State.WAITING)
    tries = models.PositiveSmallIntegerField("尝试次数", default=0)
    next_try_at = models.DateTimeField("下次尝试", default=clock.now)
    sent_at = models.DateTimeField("送达", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "待发消息"
        ordering = ["id"]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(state="waiting"), name="outgoing_due"),
        ]

    def __str__(self) -> str:
        return self.key


class FanOut(models.Model):
    """One thing to say to many: expanded into outgoing rows in batches after commit, resumable at `cursor`."""

    key = models.CharField("去重键", max_length=100, unique=True)
    audience = models.CharField("对象", max_length=40, help_text="登记过的对象名，如 whistle。")
    audience_id = models.BigIntegerField("对象编号")
    title = models.CharField("标题", max_length=80)
    text = models.CharField("正文", max_length=300, blank=True)
    url = models.CharField("打开", max_length=200, blank=True)
    is_urgent = models.BooleanField("紧急", default=False)
    created_at = models.DateTimeField("产生", default=clock.now)
    cursor = models.BigIntegerField("已展开到", default=0)
    done_at = models.DateTimeField("展开完", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "群发"
        ordering = ["id"]
        indexes = [models.Index(fields=["id"], condition=Q(done_at=None), name="fan_out_open")]

    def __str__(self) -> str:
        return self.key


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(to=user) if user.is_authenticated else self.none()

    def unread(self) -> Self:
        return self.filter(read_at=None)


class Message(models.Model):
    """消息: one line in somebody's inbox."""

    outgoing = models.OneToOneField(Outgoing, on_delete=models.CASCADE, related_name="message")
    to = models.ForeignKey(USER, verbose_name="收件人", on_delete=models.CASCADE, related_name="messages")
    title = models.CharField("标题", max_length=80)
    text = models.CharField("正文", max_length=300, blank=True)
    url = models.CharField("打开", max_length=200, blank=True)
    is_urgent = models.BooleanField("紧急", default=False)
    at = models.DateTimeField("时间", default=clock.now)
    read_at = models.DateTimeField("已读", null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "消息"
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["to", "-at", "-id"]),
            models.Index(fields=["to"], condition=Q(read_at=None), name="message_unread"),
        ]

    def __str__(self) -> str:
        return self.title
