"""The catalogue that a new platform begins with. The district changes it afterwards; what is there stays."""

from __future__ import annotations

from requests.models import Category
from requests.states import DutyArea, Track

D = DutyArea
#: code, name, example, icon, track, duty area, whether resolving needs a photo.
KINDS = (
    ("repair", "设施维修", "路灯、水管、门禁、健身器材", "wrench", Track.IMPORTANT, D.CONVENIENCE, True),
    ("clean", "环境卫生", "垃圾、积水、楼道堆物", "broom", Track.IMPORTANT, D.CLEANING, False),
    ("safety", "安全隐患", "消防通道、飞线充电、外墙脱落", "shield", Track.URGENT, D.SAFETY, True),
    ("elder", "助老帮扶", "陪诊、理发、教用手机", "elder", Track.IMPORTANT, D.RELIEF, False),
    ("child", "儿童托管", "四点半课堂、兴趣班", "book", Track.IMPORTANT, D.CONVENIENCE, False),
    ("dispute", "邻里纠纷", "噪音、漏水、加装电梯", "handshake", Track.IMPORTANT, D.COORDINATION, False),
    ("parking", "停车秩序", "乱停车、车位不够", "flag", Track.IMPORTANT, D.CIVILITY, False),
    ("policy", "政策咨询", "社保、补贴、办证", "file", Track.IMPORTANT, D.POLICY, False),
    ("other", "其他", "说不清归哪类的", "chat", Track.IMPORTANT, D.CONVENIENCE, False),
)


def begin() -> int:
    """Fill an empty catalogue with the usual kinds; gives how many were added.

    A catalogue that holds anything is somebody's own and is left as it is.
    """
    if Category.objects.exists():
        return 0
    rows = [
        Category(
            code=code,
            name=name,
            hint=hint,
            icon=icon,
            track=track,
            duty_area=area,
            needs_photo_to_resolve=needs_photo,
            order=order * 10,
        )
        for order, (code, name, hint, icon, track, area, needs_photo) in enumerate(KINDS, start=1)
    ]
    return len(Category.objects.bulk_create(rows, ignore_conflicts=True))
