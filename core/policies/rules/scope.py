"""Which of a policy's milestones hold for a case of one category: those for any case, and those for its own."""

from collections.abc import Collection, Mapping

import msgspec

from core.hooks.records.complaints import Policy
from core.policies.rules.changes import relinked


def line_of(category: str | None, parents: Mapping[str, str | None]) -> frozenset[str]:
    """Return a category with all above it; nothing for a case without one."""
    line: set[str] = set()
    while category is not None and category not in line:
        line.add(category)
        category = parents.get(category)
    return frozenset(line)


def scoped(policy: Policy, plugin: str) -> Policy:
    """Return the policy with the plugin's name before the categories that its milestones name."""
    milestones = tuple(
        msgspec.structs.replace(m, categories=tuple(c if "." in c else f"{plugin}.{c}" for c in m.categories))
        if m.categories
        else m
        for m in policy.milestones
    )
    return msgspec.structs.replace(policy, milestones=milestones) if milestones != policy.milestones else policy


def policy_for(policy: Policy, line: Collection[str]) -> Policy:
    """Return the policy without the milestones of other categories; one that would be left empty stays whole."""
    off = {m.id for m in policy.milestones if m.categories and not set(m.categories) & set(line)}
    if not off or len(off) == len(policy.milestones):
        return policy
    declared = {m.id: m for m in policy.milestones}
    milestones = tuple(relinked(m, declared, off) for m in policy.milestones if m.id not in off)
    reopen = tuple(name for name in policy.reopen if name not in off)
    return msgspec.structs.replace(policy, milestones=milestones, reopen=reopen)
