"""Who the demo's sign-in page names: one person per role, each with a telephone number of the kept range."""

from __future__ import annotations

from dataclasses import dataclass

from desk.demo.names import kept_phone

#: For those with a post. It opens demo accounts only, and those exist nowhere but in a demo.
PASSWORD = "huacheng-demo"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Person:
    role: str
    name: str
    number: int
    has_password: bool = True

    @property
    def phone(self) -> str:
        return kept_phone(self.number)


RESIDENT = Person("居民", "李秀英", 1, has_password=False)
MEMBER = Person("在职党员", "周志明", 2, has_password=False)
SECRETARY = Person("社区书记", "陈志远", 3)
WORKER = Person("社区工作者", "梁晓琳", 4)
GRID_WORKER = Person("网格员", "刘小燕", 5)
LIAISON = Person("单位联络员", "何敏仪", 6)
STREET = Person("街道工作人员", "罗建平", 7)
DISTRICT = Person("区委组织部", "谢明辉", 8)
ADMINISTRATOR = Person("系统管理员", "欧家强", 9)
NEIGHBOUR = Person("芙蓉东社区书记", "黄美玲", 10)
CASE_OFFICER = Person("职能部门承办人", "邓家明", 11)
LEADER = Person("街道分管领导", "何建中", 12)

ROSTER = (
    RESIDENT,
    MEMBER,
    SECRETARY,
    WORKER,
    GRID_WORKER,
    LIAISON,
    STREET,
    DISTRICT,
    ADMINISTRATOR,
    NEIGHBOUR,
    CASE_OFFICER,
    LEADER,
)
