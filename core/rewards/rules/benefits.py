"""Which services the rules promise to a tier, to whom each belongs, and what is left of a period before."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec

from core.hooks.records.loyalty.offers import ServiceQuota
from core.hooks.records.loyalty.parts import FreeService, Holder, NamedClinician, Period
from core.hooks.records.loyalty.points import Tier
from core.hooks.records.loyalty.program import Program


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """One service that somebody may have so often in a period, at a part of its price."""

    benefit: str
    service: str
    label: Any
    quota: int | None
    period: Period
    holder: Holder
    pay_percent: int
    carry_over: bool
    rule_id: str
    source: str


def promises_of(program: Program | None, tier: str | None, day: date) -> tuple[Promise, ...]:
    """Return what a member of a tier may have on a day: the tier's free services, and quotas for it or for everybody.

    A promise keeps its name from tier to tier, so that who rises has more of the same and not both.
    """
    if program is None:
        return ()
    found = []
    ladder = program.ladder
    held = next((one for one in ladder.tiers if one.code == tier), None) if ladder else None
    if ladder is not None and held is not None:
        found += [_of_tier(ladder.id, one) for one in held.benefits if isinstance(one, FreeService)]
    found += [
        Promise(
            benefit=f"{rule.id}:{rule.service}:{rule.holder}",
            service=rule.service,
            label=rule.label,
            quota=rule.quota,
            period=rule.period,
            holder=rule.holder,
            pay_percent=rule.pay_percent,
            carry_over=rule.carry_over,
            rule_id=rule.id,
            source="quota",
        )
        for rule in program.live(ServiceQuota)
        if (not rule.tiers or tier in rule.tiers) and _is_on(rule, day)
    ]
    return tuple(found)


def _is_on(rule: ServiceQuota, day: date) -> bool:
    return (rule.starts_on is None or rule.starts_on <= day) and (rule.ends_on is None or day <= rule.ends_on)


def _of_tier(ladder_id: str, free: FreeService) -> Promise:
    return Promise(
        benefit=f"{ladder_id}:{free.service}:{free.holder}",
        service=free.service,
        label=free.label,
        quota=free.quota,
        period=free.period,
        holder=free.holder,
        pay_percent=free.pay_percent,
        carry_over=free.carry_over,
        rule_id=ladder_id,
        source="tier",
    )


def names_clinician(tiers: Iterable[Tier], code: str | None) -> bool:
    """Tell whether a tier assigns one clinician to its members."""
    return any(isinstance(benefit, NamedClinician) for tier in tiers if tier.code == code for benefit in tier.benefits)


def left_of(quota: int | None, carried: int, used: int) -> int | None:
    """How often something may still be had; None without limit."""
    return None if quota is None else max(0, quota + carried - used)


def carried_over(quota: int | None, carried: int, used: int) -> int:
    """What of a period's own quota goes into the next: what was carried into it is used first, and goes no further."""
    return 0 if quota is None else quota - max(0, used - carried)
