"""Says an answer of the calculator in words, always with the table it stands on; pure."""

from plugins.api import Text, both, localized
from plugins.supplements.calcium import DIET_MG, DIET_SOURCE, SPECIAL_WORDS, Advice, row_words

# 广告法 第十八条: health food must show it
NOT_A_MEDICINE = both("本品不能代替药物", "It does not replace medicine")


def _zh(text: Text) -> str:
    return localized(text, "zh-CN")


def _en(text: Text) -> str:
    return localized(text, "en")


def result_words(advice: Advice) -> Text:
    """The answer in one sentence."""
    dose = advice.dose
    if dose is None and advice.bound == "unknown_age":
        return both("参考表没有这个年龄。", "The table has no such age.")
    if dose is None:
        zh = "、".join(_zh(SPECIAL_WORDS[one]) for one in advice.special)
        en = ", ".join(_en(SPECIAL_WORDS[one]).lower() for one in advice.special)
        return both(f"不给剂量，请健康顾问接待：{zh}。", f"No dose; a health adviser takes over: {en}.")
    if dose == 0 and advice.bound == "enough":
        return both("膳食已经够了，不需要额外补钙。", "Food supplies enough; nothing has to be added.")
    if dose == 0:
        return both("已达到可耐受上限，不要再补。", "The upper level is reached; take no more.")
    zh, en = {
        "product": ("按产品标签每日用量", "the daily dose on the label"),
        "upper": ("受可耐受上限限制", "bounded by the upper level"),
        "gap": ("补足缺口；不超过产品标签每日用量", "what is missing; never more than the daily dose on the label"),
    }[advice.bound]
    return both(f"建议每日补钙 {dose} 毫克（{zh}）。", f"Advised: {dose} mg of calcium a day ({en}).")


def basis_words(advice: Advice) -> Text:
    """What it was reckoned from."""
    row = advice.row
    if row is None:
        return both(f"参考表 {advice.table}", f"Table {advice.table}")
    zh_kind = {"RDA": "推荐摄入量", "AI": "适宜摄入量"}[row.kind]
    zh = f"参考表 {advice.table}（{_zh(row_words(row))}）：{zh_kind} {row.value} 毫克/日，上限 {row.ul} 毫克/日"
    en = f"Table {advice.table} ({_en(row_words(row))}): {row.kind} {row.value} mg a day, upper level {row.ul} mg"
    if advice.sex_assumed:
        zh, en = f"{zh}（未说明性别，按较低一档）", f"{en} (sex not told: the lower row)"
    if advice.dose is None:  # what is missing could be read as a dose
        return both(f"{zh}。", f"{en}.")
    zh += f"；已摄入 {advice.intake} 毫克，缺口 {advice.gap} 毫克"
    en += f"; taken in {advice.intake} mg, missing {advice.gap} mg"
    if advice.intake == DIET_MG:
        zh += f"（膳食按中国成人中位数 {DIET_MG} 毫克计，{DIET_SOURCE}）"
        en += f" (food: the median of Chinese adults, {DIET_MG} mg, {DIET_SOURCE})"
    return both(zh + "。", en + ".")


def advice_words(advice: Advice) -> Text:
    """Answer, basis and the sentence of the law."""
    zh = _zh(result_words(advice)) + _zh(basis_words(advice)) + _zh(NOT_A_MEDICINE) + "。"
    en = f"{_en(result_words(advice))} {_en(basis_words(advice))} {_en(NOT_A_MEDICINE)}."
    return both(zh, en)
