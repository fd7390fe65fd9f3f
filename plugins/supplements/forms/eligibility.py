"""The questionnaire that replaces papers: who gets 买二送一 is found at once from the answers; nothing is uploaded."""

from collections.abc import Mapping
from typing import Any

from plugins.api import Flag, Form, FormProblem, NumberField, Section, both
from plugins.supplements.buyers import read_buyer
from plugins.supplements.calcium import SPECIAL_WORDS
from plugins.supplements.forms.parts import ADVISER, GUIDE, HEALTH, WHO, age_field, special_of, told, years_of
from plugins.supplements.settings import Settings

ELIGIBILITY = "supplements.eligibility"
SOURCE = f"{GUIDE}·电子问卷+智能审核"
BUY = 2
"""买二送一 (supp.offer.buy2get1)."""

FORM = Form(
    id="eligibility",
    title=both("优惠资格问卷（买二送一）", "Questionnaire: buy two, get one"),
    purpose="intake",
    intro=both(
        "不需要体检报告，也不需要医生处方：填完马上知道结果。",
        "No medical report and no prescription: you know the result at once.",
    ),
    fields=(
        *WHO,
        age_field(required=False),
        NumberField(
            key="bottles", label=both("准备购买几瓶", "How many bottles"), required=True, min=1, max=99, decimals=0
        ),
        *HEALTH,
    ),
    sections=(
        Section(id="contact", title=both("联系方式", "Contact"), fields=tuple(field.key for field in WHO)),
        Section(
            id="review",
            title=both("购买与健康", "Purchase and health"),
            fields=("age", "bottles", *(field.key for field in HEALTH)),
        ),
    ),
)


def find_in_eligibility(answers: Mapping[str, Any], settings: Settings) -> tuple[FormProblem | Flag, ...]:
    """Review the answers: elders and people with osteoporosis who buy two get one; special groups see an adviser first."""
    buyer = read_buyer(str(answers.get("member_name", "")), years_of(answers))
    least = settings.promo_min_age
    old_enough = buyer.years >= least if buyer.years is not None else buyer.group == "elder" and least <= 50
    reasons: list[tuple[str, str]] = []
    if not old_enough and answers.get("osteoporosis") is not True:
        reasons.append((f"使用者未满 {least} 岁且无骨质疏松", f"the user is under {least} and has no osteoporosis"))
    if (answers.get("bottles") or 0) < BUY:
        reasons.append((f"少于 {BUY} 瓶", f"fewer than {BUY} bottles"))
    found: list[FormProblem | Flag] = []
    if reasons:
        zh, en = ("；".join(one[0] for one in reasons), "; ".join(one[1] for one in reasons))
        title = both("不符合买二送一", "Not eligible for buy two, get one")
        found.append(Flag(id="not_eligible", title=title, reason=both(f"{zh}。", f"{en}."), tone="info", source=SOURCE))
        found.append(told("bottles", both(f"本次不符合买二送一：{zh}。", f"Not eligible for buy two, get one: {en}.")))
    else:
        title = both("符合买二送一，自动通过", "Eligible for buy two, get one, by itself")
        reason = both("问卷自动审核，无需任何证明材料。", "Reviewed by the questionnaire; no papers are needed.")
        found.append(Flag(id="eligible", title=title, reason=reason, tone="success", source=SOURCE))
        words = both(
            "符合买二送一，请向客服领取，无需任何证明材料。",
            "You are eligible; ask the desk for it, no papers are needed.",
        )
        found.append(told("bottles", words))
    found += [
        Flag(id=f"adviser_{one}", title=SPECIAL_WORDS[one], reason=ADVISER, source=f"{GUIDE}·特殊人群")
        for one in sorted(special_of(answers))
    ]
    return tuple(found)
