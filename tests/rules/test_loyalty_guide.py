"""The guide of loyalty says what the engine does: its programs are read, its replay is played, its lists are whole."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from core.loyalty.replay.programs import read_program
from core.loyalty.replay.run import EVENTS, play
from core.loyalty.rules.refusals import CODES

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "loyalty.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"```json (\w+)\n(.*?)```", GUIDE, re.DOTALL))


def contains(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(contains(one, found.get(name)) for name, one in wanted.items())
    if isinstance(wanted, list):
        return len(wanted) == len(found) and all(contains(a, b) for a, b in zip(wanted, found, strict=True))
    return bool(wanted == found)


@pytest.mark.parametrize(("name", "rules"), [("minimal", 2), ("full", 7)])
def test_the_programs_of_the_guide_are_read_as_they_stand(name: str, rules: int) -> None:
    assert len(read_program(json.loads(BLOCKS[name])).rules) == rules


def test_the_whole_program_of_the_guide_is_played() -> None:
    events = [
        {"type": "event", "event": "registered", "at": "2026-11-10T09:00"},
        {"type": "purchase", "fen": 60000, "at": "2026-11-11T09:00"},
        {"type": "issue_coupon", "template": "ten", "key": "c"},
        {"type": "purchase", "price": True, "fen": 10000, "coupons": ["c"], "points": 100},
        {"type": "consume", "service": "annual_check"},
        {"type": "tick", "at": "2026-11-18"},
    ]
    answer = play({"id": 1, "program": json.loads(BLOCKS["full"]), "events": events})
    assert [one.get("earned") for one in answer["events"]] == [None, 1200, None, 237, None, None]
    # 9折 of 100.00, less 10.00 and 100 points: 79.00 x 3/2 x 2 = 237.
    assert answer["events"][3]["fen"] == 7900
    assert answer["events"][5]["activated"] == 1437
    assert {one["expires_at"] for one in answer["lots"]} == {None, "2027-12-01T00:00:00+08:00"}


def test_the_replay_of_the_guide_answers_what_the_guide_says() -> None:
    assert contains(json.loads(BLOCKS["answer"]), play(json.loads(BLOCKS["replay"])))


def test_the_guide_names_every_event_and_every_refusal() -> None:
    table = GUIDE[GUIDE.index("| type | fields") : GUIDE.index("### Refusals")]
    assert [kind for kind in EVENTS if kind not in table] == []
    assert [code for code, meaning in CODES.items() if f"| `{code}` | {meaning} |" not in GUIDE] == []
