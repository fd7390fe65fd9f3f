"""Ideas of the SurveyJS, FHIR Questionnaire and JSON Schema suites with our answers, judged by the real command."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parent / "data" / "forms_cases.jsonl"
CASES = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
PROGRAM = "import sys; from workers.cli.main import main; sys.argv[0] = 'anxin'; main()"


@pytest.fixture(scope="module")
def judged() -> dict[str, Any]:
    """Every answer of one run of `anxin forms check`, by the case's id."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "forms", "check", str(DATA)], capture_output=True, check=False, timeout=120
    )
    answers = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert done.returncode == 1, "some of the definitions are bad on purpose"
    assert [answer["id"] for answer in answers] == [case["id"] for case in CASES]
    return {answer["id"]: answer for answer in answers}


@pytest.mark.parametrize("case", CASES, ids=[f"{case['id']} {case['idea']}" for case in CASES])
def test_the_command_says(case: dict[str, Any], judged: dict[str, Any]) -> None:
    got, want = judged[case["id"]], case["want"]
    if "error" in want:
        assert want["error"] in got["error"]
    else:
        assert got == {"id": case["id"], **want}


def test_there_are_enough_of_them_and_each_is_named_once() -> None:
    assert len(CASES) >= 150
    assert len({case["idea"] for case in CASES}) == len(CASES)
