"""The catalogue that a new platform begins with. The district changes it afterwards; what is there stays."""

from __future__ import annotations

from organizations.models import Organization
from organizations.posts import Tier
from requests.models import Category, ReplyTemplate
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

U = ReplyTemplate.Use
#: step, code of the category ("": every one), title, text. Blanks to fill in are marked ＿＿.
REPLIES = (
    (U.ACCEPT, "", "已受理", "已收到你的点单，由＿＿负责，有进展会及时告诉你。"),
    (U.ACCEPT, "repair", "先来看现场", "已受理。师傅＿＿前到现场查看，请保持电话畅通。"),
    (U.DECLINE, "", "不归社区办", "这件事不属于社区职责，依据是＿＿。请到＿＿办理，电话＿＿。"),
    (U.DECLINE, "policy", "去窗口办", "这项业务要本人到＿＿窗口办理，请带上＿＿。不清楚的可以先打电话＿＿。"),
    (U.ASK, "", "请补充位置", "请补充是哪一栋、哪一单元、几楼，方便的话拍一张照片。"),
    (
        U.ASK,
        "dispute",
        "请补充经过",
        "请写明大致时间、涉及哪一户，以及你希望怎样解决。内容只有办理人员看得到。",
    ),
    (U.CONTACT, "", "已电话联系", "已和你电话联系，约定＿＿处理。"),
    (U.CONTACT, "elder", "已上门看望", "已上门看望，了解到＿＿，下一步＿＿。"),
    (U.RESOLVE, "", "已办好", "你反映的问题已在＿＿办好，做法是＿＿。请评价，没办好可以要求重办。"),
    (U.RESOLVE, "repair", "已修好", "已更换（修好）＿＿，现场试过可以正常使用，照片附后。"),
    (
        U.EXPLAIN,
        "",
        "依法解释",
        "依据＿＿的规定，这件事目前不能办，原因是＿＿。已经做了＿＿。你还可以通过＿＿反映。",
    ),
    (U.NOTE, "", "现场情况", "现场情况：＿＿。需要协调：＿＿。"),
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


def begin_replies(district: Organization) -> int:
    """Give a district that has none the usual reply templates; gives how many were added.

    They are the district's own: its communities use them, and write their own beside them.
    """
    if ReplyTemplate.objects.filter(organization=district).exists():
        return 0
    categories = {category.code: category for category in Category.objects.all()}
    rows = [
        ReplyTemplate(organization=district, step=step, category=categories.get(code), title=title, text=text)
        for step, code, title, text in REPLIES
        if not code or code in categories
    ]
    return len(ReplyTemplate.objects.bulk_create(rows, ignore_conflicts=True))


def begin_replies_everywhere() -> int:
    """The same for every district that stands."""
    districts = Organization.objects.open().filter(tier=Tier.DISTRICT)
    return sum(begin_replies(district) for district in districts)
