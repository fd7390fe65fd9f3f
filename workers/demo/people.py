"""Who works in the demo chains, and whom they serve: names, pets, purchases and complaints in Chinese."""

from typing import Any, Final

import msgspec

from core.complaints.rules.filing import Filing


class Chain(msgspec.Struct, frozen=True):
    """One demo tenant."""

    slug: str
    name: str
    branches: tuple[str, ...]
    pet_clinic: bool


class Person(msgspec.Struct, frozen=True):
    """One account: the sign-in name is the role with the chain's domain."""

    role: str
    full_name: str


class Guest(msgspec.Struct, frozen=True):
    """A customer with one pet (none at a shop) and what was paid so far, in yuan."""

    full_name: str
    phone: str
    pet: str
    species: str
    breed: str
    paid: tuple[int, ...]


CHAINS: Final = (
    Chain("dongying", "东营安心宠物", ("东营总院", "西城分院", "黄河路店"), pet_clinic=True),
    Chain("xingfu", "幸福动物医院", ("幸福路院",), pet_clinic=True),
    Chain("kangjian", "康健营养", ("康健旗舰店",), pet_clinic=False),
)
STAFF: Final = (
    Person("director", "林院长"),
    Person("tenant_admin", "管理员"),
    Person("team_leader", "高组长"),
    Person("service_supervisor", "孙主管"),
    Person("senior_doctor", "周医生"),
    Person("doctor", "许医生"),
    Person("head_nurse", "马护士长"),
    Person("admin_officer", "钱专员"),
    Person("front_desk", "小陈"),
)
# Phones of the range that the ministry keeps for nobody's use in practice; the tails are made up.
GUESTS: Final = (
    Guest("王建国", "13800010001", "豆豆", "dog", "柯基", (1286, 1400, 600)),
    Guest("陈静怡", "13800010002", "米粒", "cat", "英短", (320, 120)),
    Guest("赵子涵", "13800010003", "旺财", "dog", "金毛", (498,)),
    Guest("周文博", "13800010004", "雪球", "dog", "萨摩耶", (860,)),
    Guest("李晓梅", "13800010005", "花花", "cat", "狸花", (68,)),
    Guest("吴敏", "13800010006", "可乐", "dog", "泰迪", (1200, 900)),
    Guest("欧阳明轩", "13800010007", "布丁", "exotic", "垂耳兔", (199,)),
    Guest("孙丽", "13800010008", "团团", "cat", "布偶", (2680,)),
)
# How many minutes ago, and what was said; the examples of 宠物医院客户投诉应急预案 §3.
COMPLAINTS: Final = (
    (3, 3, Filing(text="手术中宠物死亡，客户在小红书发帖", desired="要求院长当面说明，查看监控", channel="in_person")),
    (
        25,
        1,
        Filing(text="治疗后症状未缓解，费用超出预估35%", desired="退款并道歉", estimate_fen=100_000, bill_fen=135_000),
    ),
    (12, 2, Filing(text="候诊超过四十分钟无人解释", desired="希望改进叫号", channel="phone")),
    (42, 4, Filing(text="结账时未解释费用明细", channel="in_person")),
    (90, 5, Filing(text="住院期间宠物应激反应未及时干预", desired="说明护理经过", channel="phone")),
    (240, 7, Filing(text="诊疗区有异味，卫生状况差", channel="online_chat")),
)
INTAKES: Final[tuple[dict[str, Any], ...]] = (
    {
        "owner_name": "赵子涵",
        "owner_phone": "13800010003",
        "species": "dog",
        "pet_name": "旺财",
        "weight_kg": 28.5,
        "allergy": "yes",
        "allergies": "青霉素",
        "chief_complaint": "昨晚八点起吐了三次，不吃东西",
        "course": "精神越来越差，今早开始拉稀",
        "illness": "none",
        "medication": "none",
        "diet": "狗粮，一天两顿，上周换了新粮",
        "exercise": "short",
    },
)
"""Seven of the eight items: the doctor sees what is still to ask."""
