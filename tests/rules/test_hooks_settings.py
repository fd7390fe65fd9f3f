"""Settings are read with the path of every error, and become inputs in the reader's language."""

from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta

from core.errors import InvalidInput
from core.hooks.records.settings import SettingProblem
from core.hooks.records.text import both
from core.hooks.settings import (
    problems_of,
    read_settings,
    settings_form,
    settings_from_page,
    settings_schema,
    words,
)


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    low: Annotated[int, Meta(ge=0, extra_json_schema=words("下限", "Low"))] = 1
    high: float = 2.5


class Sample(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    count: Annotated[
        int, Meta(ge=1, le=9, extra_json_schema=words("个数", "Count", help_zh="一到九", help_en="1 to 9"))
    ] = 3
    word: Annotated[str, Meta(min_length=2, max_length=5, pattern="^[a-z]+$")] = "abc"
    mode: Annotated[
        Literal["b", "a"],
        Meta(extra_json_schema=words("方式", "Mode", options={"b": both("乙", "B"), "a": both("甲", "A")})),
    ] = "b"
    steps: tuple[Literal["x", "y"], ...] = ()
    on: bool = False
    secret: Annotated[str, Meta(extra_json_schema=words("密钥", "Key", secret=True, widget="textarea", unit="字"))] = ""
    limits: Limits = Limits()


@pytest.mark.parametrize(
    ("data", "problems"),
    [
        ({"count": 0}, [("count", "min")]),
        ({"count": 10}, [("count", "max")]),
        ({"count": "3"}, [("count", "type")]),
        ({"count": True}, [("count", "type")]),
        ({"word": "a"}, [("word", "min_length")]),
        ({"word": "abcdef"}, [("word", "max_length")]),
        ({"word": "ABC"}, [("word", "pattern")]),
        ({"mode": "c"}, [("mode", "option")]),
        ({"steps": ["x", "z"]}, [("steps[1]", "option")]),
        ({"limits": {"low": -1}}, [("limits.low", "min")]),
        ({"limits": {"mid": 1}}, [("limits.mid", "unknown")]),
        ({"nothing": 1}, [("nothing", "unknown")]),
        ({"count": 0, "on": "yes", "nothing": 1}, [("nothing", "unknown"), ("count", "min"), ("on", "type")]),
    ],
)
def test_every_refused_value_is_named_by_its_path(data: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_settings(Sample, data)
    assert [(problem.path, problem.code) for problem in refused.value.problems] == problems


def test_what_is_not_given_takes_its_default() -> None:
    assert read_settings(Sample, {"count": 5, "limits": {"low": 0}}) == Sample(count=5, limits=Limits(low=0))


def test_values_that_do_not_fit_together_are_refused_too() -> None:
    class Picky(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
        a: int = 1

        def __post_init__(self) -> None:
            if self.a == 2:
                raise ValueError("not two")

    with pytest.raises(InvalidInput, match="invalid"):
        read_settings(Picky, {"a": 2})


def test_the_page_has_one_input_per_setting_in_the_readers_language() -> None:
    inputs = {one.path: one for one in settings_form(settings_schema(Sample), {"count": 7}, "zh_CN")}
    assert list(inputs) == ["count", "word", "mode", "steps", "on", "secret", "limits.low", "limits.high"]
    count = inputs["count"]
    assert (count.label, count.help, count.widget, count.value, count.minimum, count.maximum, count.default) == (
        *("个数", "一到九", "number", 7, 1, 9, 3),
    )
    assert inputs["mode"].options == (("b", "乙"), ("a", "甲"))
    assert [inputs[path].widget for path in ("mode", "steps", "on", "word", "secret")] == [
        *("select", "checkboxes", "switch", "text", "textarea"),
    ]
    assert (inputs["secret"].secret, inputs["secret"].unit) == (True, "字")
    assert inputs["limits.low"].value == 1
    assert settings_form(settings_schema(Sample), {}, "en")[0].label == "Count"


def test_a_posted_page_becomes_typed_data_and_what_cannot_be_read_stays_text() -> None:
    posted = {
        "count": [" 7 "],
        "word": ["abc"],
        "mode": ["a"],
        "steps": ["x", "y"],
        "on": ["on"],
        "limits.low": ["2"],
        "limits.high": ["two"],
        "extra": ["1"],
    }
    data = settings_from_page(settings_schema(Sample), posted)
    assert (data["count"], data["on"], data["steps"]) == (7, True, ["x", "y"])
    assert data["limits"] == {"low": 2, "high": "two"}
    with pytest.raises(InvalidInput) as refused:
        read_settings(Sample, data)
    assert [(problem.path, problem.code) for problem in refused.value.problems] == [
        ("extra", "unknown"),
        ("limits.high", "type"),
    ]


def test_an_unticked_switch_is_false_and_no_tick_is_an_empty_list() -> None:
    data = settings_from_page(settings_schema(Sample), {"count": ["1"]})
    assert (data["on"], data["steps"]) == (False, [])


def test_a_plugins_own_findings_keep_their_words_in_both_languages() -> None:
    found = problems_of(
        (SettingProblem(path="a", code="x", text=both("中", "E")), SettingProblem(path="b", code="y", text="z"))
    )
    assert [(problem.path, problem.params) for problem in found] == [
        ("a", {"zh-CN": "中", "en": "E"}),
        ("b", {"detail": "z"}),
    ]
