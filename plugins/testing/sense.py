"""Gold V: a graver level keeps no promise later; sample complaints get their level, and more trouble is never milder."""

import itertools
from collections.abc import Iterator

from core.hooks.records.complaints import severity_rank
from plugins.testing.findings import Finding
from plugins.testing.subject import Subject


def check_promises(subject: Subject) -> Iterator[Finding]:
    """Yield milestones that are due later on a graver level."""
    policies = sorted(subject.records("complaint_policies"), key=lambda policy: severity_rank(policy.severity))
    for milder, graver in itertools.pairwise(policies):
        budgets = {m.id: m.minutes for m in milder.milestones if m.minutes is not None}
        for milestone in graver.milestones:
            if milestone.minutes is not None and milestone.minutes > budgets.get(milestone.id, milestone.minutes):
                yield Finding("V1", f"{milestone.id} is due later on {graver.severity} than on {milder.severity}")
