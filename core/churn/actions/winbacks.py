"""Draws who is offered something to come back and who is not, and gives what was chosen; once per episode."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import insert, select, update

from core.churn.actions.cases import add_step, lock_open
from core.churn.models import Winback
from core.churn.rules import arm_of
from core.db import new_id, table_of
from core.errors import Conflict, FieldProblem, InvalidInput
from core.hooks.records.loyalty.care import Winback as WinbackRule
from core.loyalty.actions.giving import GivenReward, give_reward
from core.programs.queries import get_program, get_version_id
from core.uow import Reader, UnitOfWork

_B = table_of(Winback)


class HeldOut(Conflict):
    """This household is in the part that is offered nothing, so that the worth of offers can be measured."""

    code = "winback-held-out"


class NothingToOffer(Conflict):
    """No win-back rule is live, the episode has none, or its offer was given already."""

    code = "winback-none"


async def find_rule(reader: Reader) -> WinbackRule | None:
    """Return the live win-back rule of the program in force."""
    program = await get_program(reader)
    found = program.live(WinbackRule) if program else ()
    return found[0] if found else None


async def assign_winback(uow: UnitOfWork, *, case_id: UUID, household: UUID) -> None:
    """Draw the half for a fresh episode of staying away; nothing while no win-back rule is live."""
    rule = await find_rule(uow)
    if rule is None or not rule.choose_one_of:
        return
    await uow.session.execute(
        insert(_B).values(
            tenant_id=uow.tenant_id,
            winback_id=new_id(),
            case_id=case_id,
            household=household,
            rule_id=rule.id,
            rule_version=await get_version_id(uow),
            arm=arm_of(case_id, hold_out_percent=rule.hold_out_percent),
            assigned_at=uow.now,
            measure_until=uow.now + timedelta(days=rule.measure_days),
            reward=None,
            given_at=None,
            given_by_name="",
        )
    )


async def give_winback(uow: UnitOfWork, *, case_id: UUID, choice: int) -> GivenReward:
    """Give one of the rule's rewards, by its place in the list; the second time it is refused.

    Raises:
        HeldOut: the household is in the comparison group.
        NothingToOffer: see there.
        InvalidInput: no such choice.
    """
    case = await lock_open(uow, case_id)
    rule = await find_rule(uow)
    mine = (_B.c.tenant_id == uow.tenant_id, _B.c.case_id == case_id)
    row = (await uow.session.execute(select(_B).where(*mine).with_for_update())).first()
    if row is None or rule is None or row.given_at is not None:
        raise NothingToOffer(number=case.number)
    if row.arm == "hold_out":
        raise HeldOut(number=case.number)
    if not 0 <= choice < len(rule.choose_one_of):
        raise InvalidInput((FieldProblem("choice", "unknown-choice"),))
    reward = rule.choose_one_of[choice]
    given = await give_reward(
        uow,
        customer_id=case.customer_id,
        reward=reward,
        key=f"winback:{row.winback_id}",
        source="winback",
        ref_id=case_id,
    )
    plain: dict[str, Any] = msgspec.to_builtins(reward)
    await uow.session.execute(
        update(_B).where(*mine).values(reward=plain, given_at=uow.now, given_by_name=uow.actor.name)
    )
    await add_step(uow, case_id, "offer", data={"reward": plain})
    uow.audit("churn.offer", "churn_case", case_id, {"reward": plain})
    return given


WINBACK_SIGNALS: Final = frozenset({"no_spend"})
"""流失客户 of 2025东营宠物诊所客户服务策略 §3.4.4: only who stays away is won back with a gift; the others are talked to."""
