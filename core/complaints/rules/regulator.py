"""What an authority's notice promises in addition to the level: working days to accept and to mediate, its own deadline."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from core.complaints.rules.sources import RegulatorNotice, Source
from core.hooks.records.complaints import DutyRole, EscalationStep, Milestone, Policy
from core.hooks.records.text import Text

CALENDAR: Final = "workdays"
"""The official working days that every tenant has: `core.policies.rules.calendars.WORKDAYS`."""
ACCEPT: Final = "regulator_accept"
MEDIATE: Final = "regulator_mediation"
REPLY: Final = "regulator_reply"
_TRACK: Final = (ACCEPT, MEDIATE, REPLY)
_REPLY_LABEL: Final = {"zh-CN": "按通知期限书面答复监管部门", "en": "Written reply by the date of the notice"}
_OWNER: Final = "service_supervisor"
_ABOVE: Final = "director"
_ROLES: Final = (
    DutyRole(code=_OWNER, label={"zh-CN": "客服主管", "en": "Customer service supervisor"}),
    DutyRole(code=_ABOVE, label={"zh-CN": "院长", "en": "Director"}),
)
_STEPS: Final = (
    EscalationStep(role=_ABOVE, fraction=0.75, channel="app"),
    EscalationStep(role=_ABOVE, fraction=1.0, channel="sms"),
)
# sla.md, the row "regulator filed (any)": 7 working days to accept, 45 working days mediation, official calendar.
_MILESTONES: Final = (
    Milestone(
        id=ACCEPT,
        label={"zh-CN": "监管投诉受理答复", "en": "Answer whether the notice is accepted"},
        days=7,
        clock=CALENDAR,
        owner_role=_OWNER,
        warnings=(0.5, 0.75),
        steps=_STEPS,
        source="sla.md, regulator filed (any): 7 working days to accept",
    ),
    Milestone(
        id=MEDIATE,
        label={"zh-CN": "监管调解办结", "en": "End the mediation"},
        days=45,
        clock=CALENDAR,
        after=ACCEPT,
        counts_from="after",
        owner_role=_OWNER,
        warnings=(0.5, 0.75, 0.9),
        steps=_STEPS,
        source="sla.md, regulator filed (any): 45 working days mediation",
    ),
)


def with_track(policy: Policy, source: Source | None, *, received: datetime, timezone: str) -> Policy:
    """Return the policy of a level with the authority's milestones behind its own; any other source changes nothing."""
    if not isinstance(source, RegulatorNotice):
        return policy
    added: tuple[Milestone, ...] = _MILESTONES
    if source.deadline is not None:
        added = (_reply(source.deadline, track_start(source, received=received, timezone=timezone), timezone), *added)
    return _extended(policy, added)


def keep_track(before: Policy, after: Policy) -> Policy:
    """Return the new policy of a case with the authority's milestones that its old one has: no level ends them."""
    return _extended(after, tuple(milestone for milestone in before.milestones if milestone.id in _TRACK))


TRACK_LABELS: Final[Mapping[str, Text]] = {one.id: one.label for one in _MILESTONES} | {REPLY: _REPLY_LABEL}
"""What the authority's milestones are called: no policy of a level names them."""


def is_of_track(milestone_id: str) -> bool:
    """Tell whether a milestone is the authority's."""
    return milestone_id in _TRACK


def track_start(source: Source | None, *, received: datetime, timezone: str) -> datetime:
    """Return from when the authority counts: the day its notice came in, which may be before it was typed."""
    if not isinstance(source, RegulatorNotice) or source.received_on is None:
        return received
    return min(received, datetime.combine(source.received_on, time(), ZoneInfo(timezone)))


def _reply(deadline: date, start: datetime, timezone: str) -> Milestone:
    """The date the notice itself names, to the end of its day."""
    end = datetime.combine(deadline + timedelta(days=1), time(), ZoneInfo(timezone))
    return Milestone(
        id=REPLY,
        label=_REPLY_LABEL,
        minutes=max(1, int((end - start).total_seconds() // 60)),
        owner_role=_OWNER,
        steps=_STEPS,
        source="the deadline of the notice",
    )


def _extended(policy: Policy, added: tuple[Milestone, ...]) -> Policy:
    known = {milestone.id for milestone in policy.milestones}
    new = tuple(milestone for milestone in added if milestone.id not in known)
    if not new:
        return policy
    roles = {role.code: role for role in (*_ROLES, *policy.roles)}
    return msgspec.structs.replace(policy, milestones=(*policy.milestones, *new), roles=tuple(roles.values()))
