"""Makes lists of customers as a Chinese clinic has them: names, pets and phones in their real frequencies, always the same."""

import random
from collections.abc import Iterator
from itertools import accumulate

# Per mille of the population: the statistics of 2020, 公安部户政管理研究中心; the rest shares what is left.
_SURNAMES = (
    "王72 李71 张68 刘54 陈46 杨31 黄22 赵20 吴20 周19 徐15 孙14 马13 朱13 胡12 郭11 何11 林11 罗10 高10 郑9 梁9 谢8 宋7 唐7"
    " 许6 邓6 韩6 冯6 曹5 彭5 曾5 肖5 田5 董5 潘5 袁5 蔡4 蒋4 余4 于4 杜4 叶4 程4 魏4 苏4 吕4 丁4 任4 卢4 姚4 沈4 钟4 姜3 崔3"
    " 谭3 陆3 范3 汪3 廖3 石3 金3 韦3 贾3 夏3 付3 方3 邹3 熊3 白3 孟3 秦3 邱3 侯3 江3 尹3 薛3 闫3 段3 雷3 龙3 黎3 史3 陶2 贺2"
    " 毛2 郝2 顾2 龚2 邵2 万2 覃2 武2 钱2 戴2 严2 莫2 孔2 向2 常2 汤2 康2 易2 乔2 赖2 文2 欧阳1 诸葛1 尉迟1 单1 解1 仇1 淳于1"
)
_GIVEN_ONE = "伟芳敏静丽强磊军洋勇艳杰娟涛明超霞平刚玲桂英华慧建红波辉鑫颖鹏飞宇浩婷雪琳健斌凯倩莉萍娜洁淼喆翀"
_GIVEN_TWO = (
    "子梓浩宇雨欣佳思嘉文俊晓小志建国玉秀春海永明雅诗梦若怡可依诺涵轩泽博睿晨曦琪瑶婷慧敏静丽娟芳萍红英兰华军杰伟强辉磊"
)
_PETS = (
    "豆豆40 旺财30 咪咪30 球球26 可乐24 布丁22 毛毛20 乐乐20 花花18 点点18 多多16 奶茶16 年糕14 汤圆14 团团14 小白14 米粒12"
    " 雪球12 糖糖12 皮皮12 虎子10 妞妞10 来福10 泡芙8 元宝8 芝麻8 橘子8 七七8 大黄6 小黑6 煤球6 麻薯6 Lucky6 Coco6 Momo4 奥利奥4"
    " 拿铁4 土豆4 肉松4 栗子4 阿福2 坨坨2 呼噜2 饕餮1"
)
_KINDS = (("犬", ("泰迪", "金毛", "柯基", "比熊", "拉布拉多", "柴犬")), ("猫", ("英短", "布偶", "狸花", "美短")))
_PREFIXES = (
    130,
    131,
    135,
    136,
    137,
    138,
    139,
    150,
    151,
    152,
    158,
    159,
    166,
    173,
    177,
    178,
    180,
    186,
    187,
    188,
    189,
    191,
    199,
)
HEADER = "会员号,姓名,手机,宠物名,种类,品种,性别,宠物生日,绝育,芯片号,最近就诊,累计消费,备注"


class _Weighted:
    """Draws words by their weight."""

    def __init__(self, text: str) -> None:
        pairs = [(part.rstrip("0123456789"), int(part[len(part.rstrip("0123456789")) :])) for part in text.split()]
        self.words = [word for word, _ in pairs]
        self.sums = list(accumulate(weight for _, weight in pairs))

    def draw(self, dice: random.Random) -> str:
        return dice.choices(self.words, cum_weights=self.sums)[0]


def lines(count: int, *, seed: int = 7, doubles: float = 0.02) -> Iterator[str]:
    """Yield CSV lines below HEADER; some bring a person from before once more, with the same or another pet."""
    dice = random.Random(seed)
    surnames, pets = _Weighted(_SURNAMES), _Weighted(_PETS)
    earlier: list[tuple[str, str, str]] = []
    for number in range(count):
        if earlier and dice.random() < doubles:
            code, name, phone = dice.choice(earlier)
        else:
            given = dice.choice(_GIVEN_ONE) if dice.random() < 0.2 else "".join(dice.choices(_GIVEN_TWO, k=2))
            name = surnames.draw(dice) + given
            tail = (number * 7919 + 10_007) % 100_000_000
            code, phone = f"HY{number:06d}", f"{dice.choice(_PREFIXES)}{tail:08d}"
            if len(earlier) < 5_000:
                earlier.append((code, name, phone))
        kind, breeds = dice.choice(_KINDS)
        day = f"20{dice.randint(12, 25)}-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}"
        seen = f"2026/{dice.randint(1, 10)}/{dice.randint(1, 28)}"
        chip = f"9851120{number:08d}" if dice.random() < 0.4 else ""
        yield ",".join(
            (
                code,
                name,
                f"{phone[:3]} {phone[3:7]} {phone[7:]}" if dice.random() < 0.1 else phone,
                pets.draw(dice),
                kind,
                dice.choice(breeds),
                dice.choice("公母"),
                day,
                dice.choice(("是", "否", "")),
                chip,
                seen,
                str(dice.choice((0, 68, 320, 620, 1999.99, 2000, 7200))),
                dice.choice(("", "", "怕生", "对阿莫西林过敏")),
            )
        )


def csv_of(count: int, **options: float) -> bytes:
    """The whole list as a file."""
    return "\n".join([HEADER, *lines(count, **options)]).encode("gb18030")  # type: ignore[arg-type] # seed or doubles
