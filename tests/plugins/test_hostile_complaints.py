"""A hundred thousand characters hide no grave word, whatever is said around it again and again."""

import pytest

from core.scope import SYSTEM
from plugins.api import ComplaintFacts, DecideContext
from plugins.petclinic.assess import assess_complaint
from plugins.petclinic.settings import Settings
from tests.plugins.conftest import NOW, A

GRAVE = "。手术中我家猫死亡了。"


@pytest.mark.parametrize("place", [0, 50_000, 99_000])
@pytest.mark.parametrize("filler", ["没有死，", "担心死亡，", "结账时等太久，护士态度不好。", "，"])
async def test_a_grave_word_anywhere_in_a_huge_text_is_found(filler: str, place: int) -> None:
    text = (filler * 100_000)[:99_000]
    ctx: DecideContext[Settings] = DecideContext(
        plugin="petclinic", settings=Settings(), tenant_id=A, locale="zh_CN", now=NOW, actor=SYSTEM
    )
    facts = ComplaintFacts(text=text[:place] + GRAVE + text[place:], received_at=NOW)
    assert (await assess_complaint(ctx, facts)).severity == "L3"
