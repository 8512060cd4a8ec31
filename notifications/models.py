"""Messages: what is to be said (outbox), to whom it was said (inbox), one-to-many news (fan-out), and what
people want to be called for.

An outbox row is written in the transaction of the step that causes it. Delivery comes after commit, by a
worker; a periodic sweep delivers what a broker outage or a killed worker left behind.
"""

from __future__ import annotations

from datetime import time
from typing import Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q

from ground import clock

USER = settings.AUTH_USER_MODEL
ABOUT_LENGTH = 60


class Kind(models.TextChoices):
    """What sort of news; three of them a person may switch off for channels."""

    PROGRESS = "progress", "点单进展"
    WORK = "work", "工作提醒"
    WHISTLE = "whistle", "哨单招募"
    DIGEST = "digest", "看板周报"
    OTHER = "other", "其他通知"


class Queue(models.QuerySet[Any]):
    """Rows that several want at once: locked in the order of their numbers, so that nobody waits in a circle."""

    def lock(self) -> list[int]:
        """Lock the rows until the transaction ends; gives their numbers."""
        return list(self.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))

    def change(self, **values: Any) -> int:
        """`update` in a transaction of its own."""
        with transaction.atomic():
            return self.model._default_manager.filter(pk__in=self.lock()).update(**values)


class MessageQuerySet(Queue):
    def visible_to(self, user: Any) -> Self:
        return self.filter(to=user) if user.is_authenticated else self.none()

    def unread(self) -> Self:
        return self.filter(read_at=None)


class Message(models.Model):
    """消息: one line in somebody's inbox, made of one outgoing row or of several about the same matter."""

    to = models.ForeignKey(USER, verbose_name="收件人", on_delete=models.CASCADE, related_name="messages")
    about = models.CharField("事项", max_length=ABOUT_LENGTH, blank=True)
    title = models.CharField("标题", max_length=80)
    text = models.CharField("正文", max_length=300, blank=True)
    url = models.CharField("打开", max_length=200, blank=True)
    is_urgent = models.BooleanField("紧急", default=False)
    steps = models.PositiveSmallIntegerField("进展数", default=1)
    at = models.DateTimeField("时间", default=clock.now, help_text="最近一条进展到达收件箱的时间。")
    carried_at = models.DateTimeField("提醒于", null=True, blank=True)
    read_at = models.DateTimeField("已读", null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "消息"
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["to", "-at", "-id"]),
            models.Index(fields=["to"], condition=Q(read_at=None), name="message_unread"),
            models.Index(fields=["to", "about"], condition=~Q(about=""), name="message_matter"),
        ]

    def __str__(self) -> str:
        return self.title


class Outgoing(models.Model):
    """One thing to say to one person. `key` makes saying it twice impossible, and `message`, the one line that
    it stands in, makes arriving twice impossible. Waiting with a line: it is still to be carried by channels."""

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
    about = models.CharField("事项", max_length=ABOUT_LENGTH, blank=True)
    kind = models.CharField("类别", max_length=8, choices=Kind, default=Kind.OTHER)
    created_at = models.DateTimeField("产生", default=clock.now)
    state = models.CharField("状态", max_length=8, choices=State, default=State.WAITING)
    tries = models.PositiveSmallIntegerField("尝试次数", default=0)
    next_try_at = models.DateTimeField("下次尝试", default=clock.now)
    sent_at = models.DateTimeField("送达", null=True, blank=True)
    message = models.ForeignKey(
        Message, verbose_name="消息", on_delete=models.CASCADE, null=True, blank=True, related_name="outgoing"
    )

    objects = Queue.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "待发消息"
        ordering = ["id"]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(state="waiting"), name="outgoing_due"),
            models.Index(
                fields=["to", "about"], condition=Q(state="waiting") & ~Q(about=""), name="outgoing_matter"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(message__isnull=False), name="what_was_sent_stands_in_an_inbox"
            ),
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
    about = models.CharField("事项", max_length=ABOUT_LENGTH, blank=True)
    kind = models.CharField("类别", max_length=8, choices=Kind, default=Kind.OTHER)
    created_at = models.DateTimeField("产生", default=clock.now)
    cursor = models.BigIntegerField("已展开到", default=0)
    done_at = models.DateTimeField("展开完", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "群发"
        ordering = ["id"]
        indexes = [models.Index(fields=["id"], condition=Q(done_at=None), name="fan_out_open")]

    def __str__(self) -> str:
        return self.key


class Preference(models.Model):
    """What somebody wants to be called for; whoever never said has the defaults and no row. The inbox has all."""

    user = models.OneToOneField(USER, on_delete=models.CASCADE, primary_key=True, related_name="+")
    wants_progress = models.BooleanField("点单进展", default=True)
    wants_whistles = models.BooleanField("哨单招募", default=True)
    wants_digests = models.BooleanField("看板周报", default=True)
    is_quiet_at_night = models.BooleanField("免打扰", default=True)
    quiet_from = models.TimeField("免打扰开始", default=time(22))
    quiet_to = models.TimeField("免打扰结束", default=time(7))

    class Meta:
        verbose_name = verbose_name_plural = "消息设置"
        constraints = [
            models.CheckConstraint(condition=~Q(quiet_from=F("quiet_to")), name="quiet_hours_end"),
        ]

    def __str__(self) -> str:
        return f"{self.user}"
