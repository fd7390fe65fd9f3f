"""The matcher reads sentences as customers write them: those it was tuned on, and those nobody looked at while tuning."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import pytest

from core.hooks.context import DecideContext
from core.hooks.reading.opinion import MOST_READ, Opinion
from core.hooks.reading.teaching import teach
from core.hooks.records.complaints import Assessment, ComplaintFacts
from core.scope import SYSTEM
from plugins.petclinic import leaning
from plugins.petclinic.assess import assess_complaint
from plugins.petclinic.settings import Settings

DATA = Path(__file__).parent / "data"
NOW = datetime(2026, 3, 2, tzinfo=UTC)
CONTEXT: DecideContext[Settings] = DecideContext(
    plugin="petclinic", settings=Settings(), tenant_id=UUID(int=0), locale="zh_CN", now=NOW, actor=SYSTEM
)


class Read(NamedTuple):
    text: str
    level: str
    category: str
    found: Assessment


def read(text: str) -> Assessment:
    call = assess_complaint(CONTEXT, ComplaintFacts(text=text, received_at=NOW))
    with pytest.raises(StopIteration) as done:
        call.send(None)
    assert isinstance(done.value.value, Assessment)
    return done.value.value


@cache
def corpus(name: str) -> list[Read]:
    lines = (DATA / f"complaints_{name}.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    return [Read(text, level, category, read(text)) for level, category, text in rows]


def is_under(found: str | None, category: str) -> bool:
    """A branch is met by any of its leaves."""
    return found == category or (found or "").startswith(f"{category}_")


def share(reads: list[bool]) -> float:
    return sum(reads) / len(reads)


SETS = ("tuned", "held_out", "fresh", "fresh_2", "fresh_3", "dev", "held", "taught", "hard", "hard_held", "implied")
TEACHING = (*SETS, "short")
OPINION = Path(leaning.__file__).with_name("opinion.txt")


def examples(*names: str) -> list[tuple[str, tuple[str, str]]]:
    """The labelled lines of some sets, as `anxin complaint teach` reads them."""
    found = []
    for name in names:
        for line in (DATA / f"complaints_{name}.tsv").read_text("utf-8").splitlines():
            level, category, text = line.split("\t")
            found.append((text, (level, category)))
    return found


# Every set was measured before its errors were read; what was found then stands in docs/guides/assessment.md.
@pytest.mark.parametrize(
    ("name", "levels", "leaves"),
    [
        ("tuned", 0.98, 0.97),
        ("held_out", 0.98, 0.97),
        ("fresh", 0.97, 0.97),
        ("fresh_2", 0.97, 0.97),
        ("fresh_3", 0.95, 0.95),
        ("dev", 0.97, 0.97),
        ("held", 0.97, 0.95),
        ("taught", 0.96, 0.96),
        ("hard", 0.94, 0.97),
        ("hard_held", 0.92, 0.97),
        ("implied", 0.86, 0.90),
    ],
)
def test_levels_and_categories_of_a_corpus_are_read(name: str, levels: float, leaves: float) -> None:
    reads = corpus(name)
    assert len(reads) >= 40
    assert share([one.level == one.found.severity for one in reads]) >= levels
    judged = [one for one in reads if one.category != "-"]
    assert share([is_under(one.found.category, one.category) for one in judged]) >= leaves


# The rules were mended after the first three, `hard` was written to be misread; the examples that teach the opinion are
# every time without the set. `slighted` is how many grave texts may be read as slight.
@pytest.mark.parametrize(
    ("name", "levels", "leaves", "slighted"),
    [("dev", 0.94, 0.84, 0), ("held", 0.92, 0.78, 0), ("fresh_3", 0.87, 0.86, 0), ("hard", 0.8, 0.76, 4)],
)
def test_a_set_is_read_almost_as_well_when_the_examples_do_not_hold_it(
    name: str, levels: float, leaves: float, slighted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = examples(*(other for other in TEACHING if other != name))
    monkeypatch.setattr(leaning, "_OPINION", Opinion.parse(teach(others)))
    reads = corpus.__wrapped__(name)
    assert share([one.level == one.found.severity for one in reads]) >= levels
    judged = [one for one in reads if one.category != "-"]
    assert share([is_under(one.found.category, one.category) for one in judged]) >= leaves
    assert sum((one.level, one.found.severity) == ("L3", "L1") for one in reads) <= slighted
    assert sum((one.level, one.found.severity) == ("L1", "L3") for one in reads) <= 0.07 * len(reads)


def test_the_shipped_opinion_is_what_the_labelled_texts_teach_in_any_order() -> None:
    taught = examples(*TEACHING)
    assert teach(reversed(taught)) == OPINION.read_text("utf-8")


def test_no_grave_text_is_ever_slight_and_grave_texts_are_found() -> None:
    grave = [one for name in SETS for one in corpus(name) if one.level == "L3"]
    assert [one.text for one in grave if one.found.severity == "L1"] == []
    assert share([one.found.severity == "L3" for one in grave]) >= 0.98


def test_slight_texts_stay_slight() -> None:
    slight = [one for name in SETS for one in corpus(name) if one.level == "L1"]
    assert share([one.found.severity == "L1" for one in slight]) >= 0.93
    assert share([one.found.severity == "L3" for one in slight]) <= 0.06


def test_every_quote_is_the_customers_own_words() -> None:
    for one in (one for name in SETS for one in corpus(name)):
        codes = {reason.code for reason in one.found.reasons} | {"category"}
        for quote in one.found.quotes:
            assert one.text[quote.start : quote.end] == quote.text != ""
            assert quote.reason in codes


def test_a_grave_clause_at_the_end_of_a_hundred_thousand_characters_counts() -> None:
    story = "前台很热情，等了十五分钟，医生耐心讲解了病情，" * 4_000
    assert read(story[:99_900] + "。结果猫死在手术台上了").severity == "L3"


@pytest.mark.parametrize(
    ("level", "text"),
    [
        ("L1", "上次在别的诊所差点把我家猫治死，所以换到你们这，可前台太凶"),
        ("L1", "新闻里说外地有家宠物店洗死了狗，我就多问了一句，店员不耐烦"),
        ("L1", "要不是你们半夜开门，我家狗早就没命了，只是保安说话难听"),
        ("L1", "要真是中毒，等你们回消息狗早没了，幸亏只是问洗澡价格"),
        ("L3", "不是没死，是死了，死在你们的恢复室"),
    ],
)
def test_what_happened_elsewhere_or_would_have_happened_is_no_harm_done_here(level: str, text: str) -> None:
    assert read(text).severity == level


def test_an_opinion_speaks_for_labels_quotes_its_words_and_leaves_clauses_out() -> None:
    opinion = Opinion.parse(teach([("猫死了", ("L3",)), ("狗死了", ("L3",)), ("等太久", ("L1",)), ("等很久", ("L1",))]))
    assert opinion.labels == ("L1", "L3")
    odds = opinion.odds("鸟死了")
    assert odds["L3"] > 0 > odds["L1"]
    assert opinion.telling("鸟死了", "L3") == [(1, 3)]
    assert opinion.odds("鸟死了", without=[(0, 3)]) == {"L1": 0.0, "L3": 0.0}
    far = "鸟" * MOST_READ
    assert opinion.telling(far + "死了", "L3") == [(MOST_READ, MOST_READ + 2)]
    assert opinion.odds(far + "死了", without=[(MOST_READ, MOST_READ + 2)])["L3"] == 0
    assert opinion.odds(far + "死了" + far) == {"L1": 0.0, "L3": 0.0}


def test_words_in_latin_letters_are_one_unit_and_digits_are_alike() -> None:
    opinion = Opinion.parse(
        teach([("waited 2 hrs", ("L1",)), ("Waited 3 hrs", ("L1",)), ("dead", ("L3",)), ("dead", ("L3",))])
    )
    assert opinion.telling("we waited 9 hrs", "L1") == [(3, 15)]
