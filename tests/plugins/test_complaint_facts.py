"""Every rule and number that the documents state for complaints is kept somewhere, and the guide says where."""

from pathlib import Path

import pytest

from core.hooks.host import PluginHost
from core.hooks.specs.complaints import complaint_policies
from tests.plugins.conftest import A

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guides/complaints-facts.md").read_text(encoding="utf-8")
LINES = (Path(__file__).parent / "data/complaint_facts.tsv").read_text(encoding="utf-8").splitlines()[1:]
FACTS = [line.split("\t") for line in LINES]


@pytest.mark.parametrize(("fact", "section", "file", "words"), FACTS, ids=[fact[0] for fact in FACTS])
def test_a_fact_of_the_documents_is_where_the_guide_says(fact: str, section: str, file: str, words: str) -> None:
    assert words in (ROOT / file).read_text(encoding="utf-8")
    (row,) = [line for line in GUIDE.splitlines() if line.startswith(f"| `{fact}` |")]
    assert file in row
    assert section in row


def test_no_fact_is_named_twice_and_none_of_the_guide_is_made_up() -> None:
    named = [line.split("`")[1] for line in GUIDE.splitlines() if line.startswith("| `")]
    assert named == [fact[0] for fact in FACTS]
    assert len(set(named)) == len(named)


def test_every_level_promises_something_within_the_golden_day() -> None:
    """投诉处理的黄金期是客户情绪最激烈的24小时: beyond the first contact there is a step within it."""
    plugins = PluginHost.load().for_tenant(A, 4711, {"petclinic": {}})
    policies = [one.value for one in plugins.declared(complaint_policies)]
    assert {policy.severity for policy in policies} == {"L1", "L2", "L3"}
    for policy in policies:
        timed = [m for m in policy.milestones if m.minutes is not None and m.id != "ack_contact"]
        assert min(m.minutes or 0 for m in timed) <= 24 * 60


def test_no_step_of_the_documents_is_due_before_the_one_it_comes_after() -> None:
    for one in PluginHost.load().for_tenant(A, 4712, {"petclinic": {}}).declared(complaint_policies):
        steps = {m.id: m for m in one.value.milestones}
        for step in steps.values():
            before = steps.get(step.after or "")
            if before is not None and before.minutes and step.minutes and step.counts_from == "receipt":
                assert step.minutes >= before.minutes, step.id
