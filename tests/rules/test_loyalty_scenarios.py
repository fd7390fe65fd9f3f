"""`anxin loyalty replay` on scenarios that other loyalty products test, with results worked out by hand."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from workers.cli.loyalty import command

FILE = Path(__file__).parent / "data" / "loyalty_scenarios.jsonl"
SCENARIOS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def played() -> dict[str, Any]:
    """Every answer of one run of `anxin loyalty replay`, by the scenario's id."""
    done = CliRunner().invoke(command, ["replay", str(FILE)])
    assert done.exit_code == 0, done.output
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return {answer["id"]: answer for answer in answers}


def differences(wanted: Any, found: Any, path: str = "") -> list[str]:
    """Where an answer is not what was expected; objects may have more fields than expected."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return [one for name in wanted for one in differences(wanted[name], found.get(name), f"{path}.{name}")]
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        pairs = zip(wanted, found, strict=True)
        return [one for place, (a, b) in enumerate(pairs) for one in differences(a, b, f"{path}[{place}]")]
    return [] if wanted == found else [f"{path}: expected {wanted!r}, found {found!r}"]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one["id"])
def test_a_scenario_comes_out_as_worked_out_by_hand(scenario: dict[str, Any], played: dict[str, Any]) -> None:
    answer = played[scenario["id"]]
    assert differences(scenario["expect"], answer) == []
    account = answer["account"]
    assert (
        sum(one["points"] for one in answer["entries"]) == account["balance"] + account["pending"] - account["deficit"]
    )
    assert sum(one["fen"] for one in answer["entries"]) == account["spent_fen"]


def test_there_are_scenarios_of_every_product_that_we_compare_with() -> None:
    assert len(SCENARIOS) >= 60
    origins = " ".join(one["origin"] for one in SCENARIOS)
    assert all(name in origins for name in ("Setono", "odoo", "erpnext", "OpenLoyalty", "Voucherify", "Square"))
    assert len({one["id"] for one in SCENARIOS}) == len(SCENARIOS)
