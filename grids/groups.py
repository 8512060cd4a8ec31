"""重点人群 that a new platform begins with (L9), each with its purpose. Later the list is changed, not the code."""

from __future__ import annotations

from grids.models import SpecialGroup

#: name, what it is registered for.
USUAL = (
    ("独居老人", "定期上门探访，紧急时先联系"),
    ("高龄老人", "80 岁以上：高龄津贴、上门服务"),
    ("空巢老人", "子女不在身边：定期探访"),
    ("失能老人", "照护服务、家庭床位"),
    ("残疾人", "无障碍设施、辅具和补贴办理"),
    ("低保户", "救助政策落实、节日慰问"),
    ("特困人员", "集中或分散供养的日常照料"),
    ("困境儿童", "一对一关爱、假期看护"),
    ("留守儿童", "四点半课堂、假期看护"),
    ("退役军人", "优抚政策告知、节日慰问"),
    ("优抚对象", "抚恤待遇、节日慰问"),
    ("计生特殊家庭", "结对关怀、就医绿色通道"),
)


def begin() -> int:
    """Fill an empty list with the usual groups; gives how many were added. A list that holds anything is left."""
    if SpecialGroup.objects.exists():
        return 0
    rows = [
        SpecialGroup(name=name, purpose=purpose, order=order * 10)
        for order, (name, purpose) in enumerate(USUAL, start=1)
    ]
    return len(SpecialGroup.objects.bulk_create(rows, ignore_conflicts=True))
