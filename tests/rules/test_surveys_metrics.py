"""NPS, CSAT, CES and reach: counted over those who answered, rounded as documented, never alone."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.hooks.records.forms import Form, GroupField, RatingField, TextField
from core.surveys.rules.metrics import (
    SCALES,
    Metric,
    Nps,
    ces,
    count_answers,
    csat,
    nps,
    nps_interval,
    per_hundred,
    reach,
    rounded,
    wilson,
)
from core.surveys.rules.reading import Questions, Scores, metric_of, questions_of, scores_of
from core.surveys.rules.tiles import Tile, may_show


def test_nps_is_promoters_minus_detractors_over_those_who_answered() -> None:
    counts, silent = count_answers("nps", [10, 9, 9, 8, 7, 6, 0, None, None])
    figure = nps(counts, silent)
    assert (figure.promoters, figure.passives, figure.detractors) == (3, 2, 2)
    assert figure.answered == 7
    assert figure.excluded == 2
    assert figure.value == 14  # 100 x 1/7 = 14.28
    assert figure.few


@pytest.mark.parametrize(
    ("value", "group"),
    [(10, "promoters"), (9, "promoters"), (8, "passives"), (7, "passives"), (6, "detractors"), (0, "detractors")],
)
def test_the_groups_of_the_nps_end_where_they_should(value: int, group: str) -> None:
    assert getattr(nps({value: 1}), group) == 1


def test_without_an_answer_there_is_no_figure_and_no_interval() -> None:
    assert nps({}, 4) == Nps(answered=0, excluded=4)
    for figure in (csat({}, 4), ces({}, 4)):
        assert (figure.answered, figure.excluded, figure.value, figure.mean, figure.low, figure.high) == (
            0,
            4,
            None,
            None,
            None,
            None,
        )
        assert figure.few


def test_csat_is_the_share_of_four_and_five_and_a_mean_with_one_decimal() -> None:
    figure = csat({5: 1, 4: 1, 3: 1, 2: 0, 1: 0}, 2)
    assert figure.value == 66.7
    assert figure.mean == 4.0
    assert (figure.answered, figure.excluded) == (3, 2)
    # 服务体系建设7大维度: 4.2 -> 4.9 on the scale of five
    assert csat({5: 9, 4: 1}).mean == 4.9


def test_ces_is_the_share_of_five_to_seven_of_seven() -> None:
    figure = ces({7: 1, 5: 1, 4: 2})
    assert figure.value == 50.0
    assert figure.mean == 5.0


def test_thirty_answers_are_enough_and_twenty_nine_are_few() -> None:
    assert csat({5: 29}).few
    assert not csat({5: 30}).few


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (Fraction(425, 100), 1, 4.3),
        (Fraction(-1, 2), 0, -1.0),
        (Fraction(1, 2), 0, 1.0),
        (Fraction(-424, 100), 1, -4.2),
        (0, 0, 0.0),
    ],
)
def test_halves_are_rounded_away_from_zero(value: Fraction, digits: int, shown: float) -> None:
    assert rounded(value, digits) == shown


def test_wilson_gives_the_published_interval_and_stays_inside_the_scale() -> None:
    # Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662.
    assert wilson(81, 263) == (25.5, 36.6)
    assert wilson(0, 20)[0] == 0.0
    assert wilson(20, 20)[1] == 100.0


def test_the_interval_of_the_nps_is_wide_for_few_and_never_certain() -> None:
    assert nps_interval(1, 0, 1)[0] < 0
    assert nps_interval(10, 0, 10) != (100.0, 100.0)
    low, high = nps_interval(500, 300, 1000)
    assert low < 20 < high
    assert high - low < 12


@given(st.lists(st.one_of(st.integers(-5, 15), st.none(), st.booleans(), st.text(max_size=2)), max_size=80))
def test_every_answer_is_counted_once_or_left_out(values: list[Any]) -> None:
    for metric in SCALES:
        counts, excluded = count_answers(metric, values)
        assert sum(counts.values()) + excluded == len(values)
        low, high = SCALES[metric]
        assert all(low <= value <= high for value in counts)


@given(st.dictionaries(st.integers(0, 10), st.integers(0, 50)))
def test_the_nps_lies_in_its_interval_and_between_minus_and_plus_hundred(counts: dict[int, int]) -> None:
    figure = nps(counts)
    assert figure.promoters + figure.passives + figure.detractors == figure.answered
    if figure.value is not None:
        assert figure.low is not None
        assert figure.high is not None
        assert -100 <= figure.low <= figure.high <= 100
        assert -100 <= figure.value <= 100


def test_reach_is_delivered_over_asked_and_an_answer_proves_delivery() -> None:
    figure = reach(asked=100, delivered=29, answered=40)
    assert (figure.delivered, figure.rate, figure.answer_rate) == (40, 40.0, 40.0)
    figure = reach(asked=100, delivered=65, answered=20)
    assert (figure.rate, figure.answer_rate) == (65.0, 20.0)
    assert figure.low is not None
    assert figure.low < 65 < (figure.high or 0)
    nobody = reach(asked=0, delivered=0, answered=0)
    assert (nobody.rate, nobody.answer_rate, nobody.low) == (None, None, None)


def test_a_rate_without_a_base_is_no_rate() -> None:
    assert per_hundred(3, 0) is None
    assert per_hundred(3, 200) == 1.5


def test_nps_is_never_shown_alone() -> None:
    mood = [Tile("nps", "experience", shown=True), Tile("csat", "experience", shown=True)]
    assert not may_show(mood, "nps")
    assert may_show(mood, "csat")
    assert not may_show([*mood, Tile("complaints", "risk", shown=False)], "nps")
    assert may_show([*mood, Tile("complaints", "risk", shown=True)], "nps")
    assert may_show([*mood, Tile("refunds", "cost", shown=True)], "nps")


def _form(*fields: Any) -> Form:
    return Form(id="t.s", title="S", purpose="survey", fields=fields)


@pytest.mark.parametrize("metric", ["nps", "csat", "ces"])
def test_a_rating_is_found_by_its_key_when_its_scale_is_that_metrics(metric: Metric) -> None:
    low, high = SCALES[metric]
    assert metric_of(RatingField(key=metric, min=low, max=high)) == metric
    assert metric_of(RatingField(key=metric, min=1, max=9)) is None
    assert metric_of(RatingField(key="stars", min=low, max=high)) is None
    assert metric_of(RatingField(key="stars", min=low, max=high, metric=metric)) == metric


def test_a_mark_wins_over_a_key_and_never_stands_on_another_scale() -> None:
    assert metric_of(RatingField(key="csat", min=1, max=7, metric="ces")) == "ces"
    with pytest.raises(ValueError, match="nps goes from 0 to 10"):
        RatingField(key="nps", min=1, max=5, metric="nps")


def test_the_comment_is_the_field_of_that_name_or_the_first_of_several_lines() -> None:
    nps_field = RatingField(key="nps", min=0, max=10)
    note, comment = TextField(key="why", multiline=True), TextField(key="comment")
    assert questions_of(_form(nps_field, note, comment)) == Questions(nps="nps", comment="comment")
    assert questions_of(_form(note)).comment == "why"
    assert questions_of(_form(TextField(key="name"))) == Questions()
    assert not questions_of(_form(note)).any
    grouped = GroupField(key="g", fields=(RatingField(key="csat"),))
    assert not questions_of(_form(grouped)).any


def test_answers_are_read_by_their_questions_and_what_is_off_the_scale_is_none() -> None:
    questions = Questions(nps="nps", csat="stars", comment="why")
    assert scores_of(questions, {"nps": 9, "stars": 2, "why": " 等太久 "}) == Scores(9, 2, None, "等太久")
    assert scores_of(questions, {"nps": 11, "stars": True}) == Scores()
    assert scores_of(Questions(), {"nps": 9, "why": "x"}) == Scores()
