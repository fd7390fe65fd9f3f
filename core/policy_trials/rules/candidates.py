"""What a candidate changes: promise by promise against those in force, and the calendars that it brings along."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from core.hooks.records.complaints import Milestone, Policy, Severity

Key = tuple[Severity, str]
"""A promise: its level and its milestone."""


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """One promise as the candidate makes it."""

    gone: bool = False
    """It is not made any more."""
    seconds: int | None = None
    days: int | None = None
    clock: str = "wall"
    pausable: bool = False
    starts: Literal["same", "receipt", "after"] = "same"
    """From when it counts, when that is not what it was."""
    after: str | None = None


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a candidate says differently, ready to be stored: keys are `L1 ack_contact`, calendars their JSON form."""

    changes: dict[str, Changed] = {}
    calendars: dict[str, dict[str, Any]] = {}
    added: tuple[str, ...] = ()
    """Promises that nobody has made before: the past holds no facts to judge them by."""

    def find(self, severity: Severity, milestone: str) -> Changed | None:
        """Return the change of a promise, None when it stays as it is."""
        return self.changes.get(f"{severity} {milestone}")


def candidate_of(
    live: Mapping[Severity, Policy],
    draft: Mapping[Severity, Policy],
    *,
    calendars: Mapping[str, dict[str, Any]] | None = None,
    everything: bool = False,
) -> Candidate:
    """Compare two sets of policies; what both promise alike is left as it happened.

    Args:
        live: the policies in force.
        draft: those to try.
        calendars: by id, the calendars whose hours the candidate changes, as `calendar_data` writes them.
        everything: replay every promise, also those that stay (tests prove with it that this changes nothing).
    """
    bent = calendars or {}
    changes: dict[str, Changed] = {}
    added = []
    for severity, policy in draft.items():
        known = {m.id: m for m in live[severity].milestones} if severity in live else {}
        for milestone in policy.milestones:
            before = known.pop(milestone.id, None)
            key = f"{severity} {milestone.id}"
            if before is None:
                added.append(key)
            elif everything or _signature(before) != _signature(milestone) or milestone.clock in bent:
                changes[key] = _changed(before, milestone)
        changes |= {f"{severity} {name}": Changed(gone=True) for name in known}
    return Candidate(changes=changes, calendars=dict(bent), added=tuple(added))


def _signature(one: Milestone) -> tuple[object, ...]:
    """All that moves a due time; warnings, words and people do not."""
    after = one.after if one.counts_from == "after" else None
    return (one.minutes, one.days, one.clock, one.pausable, one.counts_from, after)


def _timed(one: Milestone) -> bool:
    return one.minutes is not None or one.days is not None


def _changed(before: Milestone, now: Milestone) -> Changed:
    starts: Literal["same", "receipt", "after"] = "same"
    same = before.counts_from == now.counts_from and (now.counts_from == "receipt" or before.after == now.after)
    if _timed(now) and not (same and _timed(before)):
        starts = now.counts_from
    return Changed(
        seconds=None if now.minutes is None else now.minutes * 60,
        days=now.days,
        clock=now.clock,
        pausable=now.pausable,
        starts=starts,
        after=now.after,
    )
