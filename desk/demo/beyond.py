"""What the community could not do alone, and what was not good enough the first time: past and present."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from accounts.models import User
from desk.demo.sent import Sent
from desk.demo.stories import Story
from grids.models import Building
from requests import afterwards, ticking, workflow
from requests.models import Category, ServiceRequest
from requests.states import Grade, Outcome, Track

if TYPE_CHECKING:
    from desk.demo.past import Stage

CITY, MARKET, POWER, WATER = "区城市管理局", "区市场监督管理局", "武江供电所", "新华供水服务站"
M, H = Track.IMPORTANT, Track.HARD
#: How often the platform's own clock ran in the past that is replayed, and for how long back.
EVERY, SINCE = timedelta(hours=6), timedelta(days=62)


class Beyond:
    """Dispatches in both grades, escalations, consents, the rework ladder, merged and split requests."""

    def __init__(self, stage: Stage, kinds: dict[str, Category]) -> None:
        self.stage, self.kinds, self.script = stage, kinds, stage.script
        self.people = stage.people
        self.residents = iter(stage.people.residents[8:] * 2)

    def write(self) -> None:
        self._dispatched()
        self._escalated()
        self._ladder()
        self._explained()
        self._objected()
        self._together()
        self._now_with_units()
        self._now_above()
        self._now_asked()
        self._without_phone()
        self._tick()

    def _tick(self) -> None:
        """The platform's own steps: what nobody rated lapses, questions time out, reminders go out."""
        moment = self.script.now - SINCE
        while moment < self.script.now:
            self.script.at(moment, ticking.catch_up)
            moment += EVERY
        self.script.at(self.script.ago(minutes=1), ticking.catch_up)

    def ask(
        self, category: str, track: Track, title: str, text: str, address: str, scene: str = "", *,
        days: float, who: tuple[User, Building] | None = None,
    ) -> Sent:  # fmt: skip
        story = Story(category, track, title, text, address, "上门处理过，当时看是好的。", scene)
        user, house = who or next(self.residents)
        asked = Sent(self.script, self.kinds, story, user, house, self.stage.staff).among(self.people)
        asked.submit(self.script.by_day(self.script.ago(days=days)))
        return asked

    # The past

    def _dispatched(self) -> None:
        """工作哨: a department answers and is judged (N11, C8)."""
        well = self.ask(
            "repair", M, "排水井堵塞，一下雨就淹到单元门口", "连着两场雨，单元门口的排水井都往外冒水，老人出不了门。",
            "2 单元门口", "puddle", days=24,
        )  # fmt: skip
        well.accept().contact()
        well.dispatch(CITY, "请疏通单元门口排水井，并查看主管是否塌陷。").sign(CITY).on_site(CITY)
        well.answer_by(CITY, "高压冲洗主管 40 米，清出淤泥约半方，更换破损井箅一块。", scene="puddle")
        well.confirm(CITY, 5, 5, 5, "当天就到场，井箅也换了。").done(
            "区城管局疏通主管，雨天再看过，没有积水。"
        )
        well.rate(5, "下雨再没淹过，城管的同志很负责。")

    def _escalated(self) -> None:
        """攻坚哨: what the community cannot solve goes to the street, which brings in departments (S9)."""
        smoke = self.ask(
            "clean", H, "楼下烧烤店油烟直排，开不了窗", "烟道口正对着二楼窗户，说了几次都不改，家里有哮喘病人。",
            "临街一侧", days=33,
        )  # fmt: skip
        smoke.accept().contact().handle()
        smoke.escalate("店铺证照和排烟设施归市场监管、城管，社区多次劝说无效，请街道召集。").take_over()
        smoke.dispatch(MARKET, "请核查证照，责令限期加装油烟净化器。", grade=Grade.HARD, days=12).sign(MARKET)
        smoke.dispatch(CITY, "请协同检查排烟口位置。", grade=Grade.HARD, days=12).sign(CITY)
        smoke.on_site(MARKET).answer_by(MARKET, "已下达整改通知书。", low=20, high=40)
        smoke.reject(MARKET, "只发了通知，没有看到整改结果，请跟到底。")
        smoke.answer_by(MARKET, "净化器已安装并验收，检测报告附后。", low=40, high=70)
        smoke.answer_by(CITY, "排烟口已改到楼顶。", low=2, high=6)
        smoke.confirm(MARKET, 3, 5, 4).confirm(CITY, 4, 5, 5).done(
            "净化器装好，排烟口改到楼顶，邻居都闻过了。"
        )
        smoke.rate(4, "时间长了点，但是真解决了。")

    def _ladder(self) -> None:
        """重办: first the handler, then under the eyes of the street."""
        gate = self.ask(
            "repair", M, "单元对讲机修了又坏", "对讲机按了没反应，来访的人只能在楼下喊。", "3 单元", "door", days=30
        )  # fmt: skip
        gate.accept().contact().handle().resolve().rate(2, "修好当晚又坏了。", solved=False)
        gate.reopen("当晚就又没声音了，说是接触不良。").handle_above().done(
            "更换了主板，测试一周。", low=20, high=30
        )
        gate.rate(2, "还是有两户不响。", solved=False)
        gate.reopen("302 和 402 还是不响，希望有人管到底。").handle_above()
        gate.note("街道已督办，约物业和厂家一起上门。").done(
            "厂家更换整套线缆，六户逐户试过。", low=20, high=30
        )
        gate.rate(5, "这回都好了。")

    def _explained(self) -> None:
        """依法依规解释: with the consent of the tier above, counted apart; and one more time, consented."""
        height = self.ask(
            "dispute", H, "要求拆除对面楼顶的合法加建", "对面楼顶加建挡了我家阳光，要求社区拆掉。",
            "南侧楼顶", days=21
        )  # fmt: skip
        height.accept().contact().handle().explain(
            "经查该加建 2009 年取得规划许可（武规建 2009-118 号），日照测算满足国家标准，依法不能拆除。"
            "如对许可有异议，可向区自然资源局申请信息公开或依法申请行政复议。",
            consent=True,
        )
        wall = self.ask(
            "repair", M, "外墙渗水要等维修资金", "西墙一下雨就渗水，卧室墙面发霉。", "西侧外墙", "wall", days=16
        )  # fmt: skip
        wall.accept().contact().handle().extend(
            7, "动用维修资金要三分之二业主签字，公示期七天。", consent=True
        )
        wall.done("业主表决通过，外墙已做防水，雨后复查不渗。", low=120, high=150).rate(
            4, "公示的时候讲得很清楚。"
        )

    def _objected(self) -> None:
        """不予受理 is not the end: the tier above verifies anew."""
        noise = self.ask(
            "other", M, "工地夜里施工，孩子睡不着", "旁边工地十二点还在打桩，连续三晚。", "北侧工地", days=18
        )  # fmt: skip
        noise.decline("工地由住建部门管理，社区没有执法权。")
        noise.object("社区可以替我们反映，我不知道该找谁，连续三晚了。").accept_above().handle_above()
        noise.done("街道联系住建局约谈施工方，夜间 22 点后停工，已张贴公示。", low=10, high=30).rate(5)

    def _together(self) -> None:
        """并案与拆分: three who ask for the same, and one who asks for three things."""
        low = [
            self.ask("repair", M, f"{floor}楼水压太小，点不着火", "早晚高峰水压特别小。", "1 单元", days=12)
            for floor in (5, 6, 7)
        ]  # fmt: skip
        first, *others = low
        first.accept().contact()
        for each in others:
            each.verifier = first.verifier
            each.at = max(each.at, first.at)
            each.merge_into(first, 0.5, 3)
        first.at += timedelta(hours=4)
        first.dispatch(WATER, "请检查加压泵和止回阀。").sign(WATER).on_site(WATER)
        first.answer_by(WATER, "更换止回阀，压力恢复到 0.28 兆帕。").confirm(WATER, 4, 5, 5)
        first.done("供水站换了止回阀，三户都试过。", low=2, high=4)
        for each in low:
            each.at = first.at
            each.rate(5 if each is first else 4, "水压正常了。" if each is first else "")

    # The present

    def _now_with_units(self) -> None:
        """What the case officer of the sign-in table finds: new, under way, answered; and one that is late."""
        fresh = self.ask(
            "clean", M, "河边步道垃圾成堆", "步道拐角堆了很多建筑垃圾。", "河边步道", "rubbish", days=1.1
        )
        fresh.accept(0.1, 0.4).contact(0.1, 0.4).dispatch(
            CITY, "请清运步道垃圾，并查来源。", low=0.1, high=0.4, days=2
        )
        doing = self.ask(
            "repair", M, "小广场路砖塌陷", "广场中间塌了一块，老人崴过脚。", "小广场", "manhole", days=2.2
        )
        doing.accept().contact().dispatch(CITY, "请围挡并修补路砖。", days=3).sign(CITY).on_site(CITY)
        answered = self.ask("clean", M, "公厕无人打扫", "公园旁的公厕两天没人打扫。", "公园公厕", days=3.1)
        answered.accept().contact().dispatch(CITY, "请落实保洁班次。", days=3).sign(CITY)
        answered.answer_by(CITY, "已增加中午一次保洁，值班表贴在门口。", low=4, high=10)
        late = self.ask(
            "safety", M, "树枝压着电线冒火花", "大风后树枝压着线，偶尔冒火花。", "东门", "tree", days=6.4
        )
        late.accept().contact().dispatch(POWER, "请修剪压线树枝。", days=3).sign(POWER, 1, 3)
        back = self.ask(
            "parking", M, "非机动车道被占成停车场", "上下班根本骑不过去。", "东侧道路", "cars", days=1.4
        )
        back.accept().contact().dispatch(WATER, "请配合清理占道车辆。", days=3).give_back(
            WATER, "占道停车不归供水站管，请派城管或交警。"
        )

    def _now_above(self) -> None:
        """What waits for the street and its leader in charge, and what the street watches."""
        up = self.ask(
            "parking",
            H,
            "相邻三个小区抢车位",
            "三个小区的人互相堵门，已经打过一次架。",
            "共用道路",
            "cars",
            days=2.5,
        )
        up.accept().contact().handle().escalate("涉及三个社区，请街道联席会议协调。")
        asking = self.ask("repair", M, "健身广场翻新", "地胶全翘起来了。", "健身广场", "bench", days=3.4)
        asking.accept().contact().handle().extend(10, "采购流程要十天，已先围挡。", consent=False)
        reason = self.ask(
            "policy", M, "要求社区开证明办低保", "说社区不开证明就是不作为。", "党群服务中心", days=4.2
        )
        reason.accept().contact().handle().explain(
            "低保由街道受理审核，2020 年起取消社区证明（民发〔2020〕11 号）。已陪同本人到街道窗口递交申请。",
            consent=False,
        )
        watched = self.ask(
            "safety", M, "消防栓没有水", "年检时发现四楼消防栓没有水。", "3 单元 4 楼", "stairs", days=3.6
        )
        watched.accept().contact().handle().urge().supervise("消防无小事，请三天内恢复并报照片。")
        again = self.ask(
            "repair", M, "楼道扶手又松了", "修过一次，两个月又松了。", "2 单元 2 楼", "stairs", days=8
        )
        again.accept().contact().handle().resolve(late=0.3).rate(2, "只拧了一下螺丝。", solved=False)
        again.reopen("用手一推就晃，只是拧了一下，没有换膨胀螺栓。")

    def _now_asked(self) -> None:
        """What waits for whoever asked; the resident of the sign-in table has one question and one refusal."""
        me = self.people.residents[0]
        question = self.ask(
            "elder", M, "想申请加装卫生间扶手", "家里老人八十三岁，想装扶手。", "2 单元 501", days=1.3, who=me
        )
        question.accept().ask_back("请问卫生间是瓷砖墙还是轻质隔墙？方便的话拍两张照片，我们好带合适的配件。")
        refused = self.ask(
            "other", M, "请社区帮忙找走失的快递", "快递显示签收，但我没有收到。", "", days=2.1, who=me
        )
        refused.decline("快递纠纷请先联系快递公司，或打 12305 申诉；需要帮忙写材料可以到社区窗口。")
        whole = self.ask(
            "repair",
            M,
            "我们楼三件小事一起说",
            "一是门口台阶破了，二是信箱门坏了，三是楼号牌看不清。",
            "3 单元",
            days=2.7,
        )
        whole.accept().contact().split("门口台阶破损修补", "信箱门更换", "楼号牌翻新")
        whole.complete(2, "信箱门换好六个。")
        twin = self.ask("safety", M, "电梯里有异响", "下行到三楼时咚的一声。", "1 单元", days=1.7)
        twin.accept().contact().handle()
        other = self.ask("safety", M, "电梯晃得厉害", "昨天差点困人。", "1 单元", days=1.2)
        other.verifier, other.at = twin.verifier, max(other.at, twin.at)
        other.merge_into(twin, 0.2, 1)

    def _without_phone(self) -> None:
        """代点 for one without a phone: a call-back by somebody who had no part in it judges the work."""
        self._filed_for("陈阿婆", "elder", "阿婆家里煤气灶打不着", self.script.ago(days=2.4), judged=False)
        self._filed_for(
            "黄伯", "elder", "黄伯家纱窗破了", self.script.by_day(self.script.ago(days=13)), judged=True
        )

    def _filed_for(self, name: str, category: str, title: str, at: datetime, *, judged: bool) -> None:
        worker, (judge, handler) = self.people.staff[1], (self.people.staff[3], self.people.staff[2])
        house = self.script.chance.choice(self.stage.land.huacheng.buildings)
        made: list[ServiceRequest] = []

        def file() -> None:
            made.append(
                workflow.submit(
                    by=worker, category=self.kinds[category], title=title,
                    text=f"{name}到社区窗口说的，家里没有手机。",
                    building=house, without_phone=name,
                )
            )  # fmt: skip

        self.script.at(at, file)
        for hours, action in (
            (1, lambda: workflow.accept(made[0], by=handler, track=M)),
            (3, lambda: workflow.contact(made[0], by=handler, how="visit")),
            (4, lambda: workflow.handle(made[0], by=handler, responsible=handler)),
            (
                26,
                lambda: workflow.resolve(
                    made[0], by=handler, outcome=Outcome.SOLVED, text="上门修好，当面试过。"
                ),
            ),
        ):
            self.script.at(at + timedelta(hours=hours), action)
        if judged:
            self.script.at(
                at + timedelta(hours=50),
                lambda: afterwards.call_back(
                    made[0], by=judge, contacted=True, solved=True, satisfied=5, text="说师傅还帮他换了灯泡。"
                ),
            )
