"""Invented people: names from common signs, and telephone numbers that nobody has."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

SURNAMES = "陈李黄张林何梁谢邓罗刘叶曾朱温钟侯欧邱赖潘谭蓝廖许丘蔡吴赵周徐孙马胡郭高郑冯"
FIRST = "志文国建俊永伟耀海家嘉明晓丽秀美玉淑雪惠思婷燕春小金桂少宏振学立德庆广瑞东"
SECOND = "华强军辉平东斌杰锋林明生荣芳英兰珍梅琴红霞玲娟敏婷怡萍莲仪君欣宁峰涛超鹏"
#: 199 0000 xxxx is not given to anybody: the demo can never call or write to a real person.
PHONE_RANGE = 19900000000


class Cast:
    """Gives every invented person a name that nobody else in the demo has, and a telephone number."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.given = 1000  # the first thousand numbers are kept for the people of the sign-in table
        self.names: set[str] = set()

    def name(self) -> str:
        """A name of two or three signs, once."""
        while True:
            name = self.chance.choice(SURNAMES) + self.chance.choice(FIRST)
            if self.chance.random() < 0.85:
                name += self.chance.choice(SECOND)
            if name not in self.names:
                self.names.add(name)
                return name

    @contextmanager
    def drawing(self, chance: random.Random) -> Iterator[None]:
        """Inside, names are drawn by another chance: what is drawn afterwards does not depend on it."""
        kept, self.chance = self.chance, chance
        try:
            yield
        finally:
            self.chance = kept

    def phone(self) -> str:
        """The next number of the range, 11 digits."""
        self.given += 1
        return str(PHONE_RANGE + self.given)


def kept_phone(number: int) -> str:
    """A number of the sign-in table, 1–999."""
    return str(PHONE_RANGE + number)
