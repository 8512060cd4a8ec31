"""What the communities of the demo blow the whistle for, week after week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from requests.states import DutyArea
from volunteers.states import Task, WhistleKind

D, T, W = DutyArea, Task, WhistleKind


@dataclass(frozen=True, slots=True)
class Call:
    """weekday: 0 = Monday. minutes: how long it lasts. skill: wanted, "" for none."""

    title: str
    text: str
    weekday: int
    at: time
    minutes: int
    places: int
    area: DutyArea
    task: Task = Task.SERVICE
    skill: str = ""
    kind: WhistleKind = WhistleKind.SERVICE


CALLS = (
    Call(
        "真情五百入户走访", "两人一组，每组走访十户，重点看独居老人和有小孩的家庭，记录需求当晚交社区。",
        1, time(19, 30), 90, 10, D.PARTY_BUILDING, T.PARTY, "", W.ACTIVITY,
    ),
    Call(
        "四点半课堂辅导", "辅导小学生作业，带孩子读书，需要有耐心，教师优先。",
        2, time(16, 30), 90, 4, D.CONVENIENCE, T.SERVICE, "教师",
    ),
    Call(
        "平安夜巡", "穿红马甲，分三条线巡查消防通道、飞线充电和楼道堆物，发现问题拍照上报。",
        4, time(19, 30), 90, 8, D.SAFETY, T.GOVERNANCE, "安全巡查",
    ),
    Call(
        "周末清洁日", "清理楼道堆物和卫生死角，社区准备手套和工具，请穿旧衣服。",
        5, time(9, 0), 150, 12, D.CLEANING, T.GOVERNANCE, "", W.ACTIVITY,
    ),
    Call(
        "社区义诊", "量血压、测血糖、看用药，请医护同志带听诊器，其他同志帮忙登记引导。",
        5, time(15, 0), 120, 8, D.CONVENIENCE, T.SERVICE, "医生", W.ACTIVITY,
    ),
    Call(
        "助老理发和手机课堂", "一边理发，一边教老人用医保码、视频通话。",
        6, time(9, 30), 120, 6, D.RELIEF, T.SERVICE, "理发",
    ),
    Call(
        "反诈政策入户宣传", "发放大字宣传单，帮老人装国家反诈应用，讲三个真实案例。",
        3, time(19, 30), 90, 8, D.POLICY, T.GOVERNANCE,
    ),
    Call(
        "文明停车劝导", "早高峰在小区门口引导停车、清理消防通道。",
        0, time(7, 30), 60, 6, D.CIVILITY, T.GOVERNANCE,
    ),
)  # fmt: skip

LIGHT_CALLS = (
    Call(
        "河道清漂",
        "沿河两公里捡拾垃圾，社区备好船和长夹。",
        6,
        time(8, 30),
        150,
        10,
        D.CLEANING,
        T.GOVERNANCE,
    ),
    Call(
        "独居老人送餐",
        "给行动不便的老人送午餐，陪着说说话。",
        5,
        time(11, 0),
        90,
        6,
        D.RELIEF,
        T.SERVICE,
        "助老",
    ),
    Call("旧衣旧书集市", "布置摊位、登记捐赠、维持秩序。", 5, time(15, 30), 120, 6, D.CIVILITY, T.SERVICE),
)
