"""A plugin whose policy promises a later step earlier is broken, with its reason, and the vendor's check names it."""

import pytest

from core.hooks.host import PluginHost
from plugins.testing.conformance import conformance
from tests.plugins.conftest import Write

POLICY = """
@hookimpl
def complaint_policies():
    first = Milestone(id="contact", label=both("联系", "Contact"), owner_role="lead", {first})
    then = Milestone(id="answer", label=both("答复", "Answer"), owner_role="lead", after="contact", {then})
    roles = (DutyRole(code="lead", label=both("组长", "Leader")),)
    label = both("轻微", "Slight")
    return (Policy(severity="L1", label=label, milestones=(first, then), roles=roles),)
"""
EARLIER = (
    ("minutes=60", "minutes=30"),
    ("days=7, clock='office'", "days=5, clock='office'"),
    ("days=7, clock='office'", "minutes=60"),
)
IN_ORDER = (
    ("minutes=30", "minutes=30"),
    ("minutes=60", "minutes=30, counts_from='after'"),
    ("minutes=60", ""),
)


@pytest.mark.parametrize(("first", "then"), EARLIER)
def test_a_declared_policy_whose_later_milestone_is_earlier_breaks_its_plugin(
    write_plugin: Write, first: str, then: str
) -> None:
    candidate = write_plugin("hasty", POLICY.format(first=first, then=then))
    status = PluginHost.load([candidate]).status()[0]
    reason = "complaint_policies: policy L1: answer is due before contact, which it comes after"
    assert (status.state, status.reason) == ("broken", reason)
    assert status.where.startswith("sample_hasty/hooks.py:")
    (finding,) = conformance(candidate)
    assert finding.rule == "L1"
    assert reason in finding.text


@pytest.mark.parametrize(("first", "then"), IN_ORDER)
def test_a_declared_policy_in_order_loads(write_plugin: Write, first: str, then: str) -> None:
    candidate = write_plugin("steady", POLICY.format(first=first, then=then))
    assert PluginHost.load([candidate]).status()[0].state == "loaded"
