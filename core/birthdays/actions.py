"""Opens the gifts of birthdays that come near, each night, and writes down what the desk hands out."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import and_, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from core.birthdays.models import BirthdayGift
from core.birthdays.queries import GiftRecord, find_handed, find_rules, get_gift
from core.birthdays.rules import (
    Window,
    choices_problem,
    dates_of_birth,
    gift_key,
    is_for,
    may_have,
    month_days,
    open_days,
    open_window,
)
from core.contacts.models import ContactConsent
from core.customers.actions import record_event
from core.customers.models import Customer, CustomValue, Subject
from core.customers.rules.profile import OLDEST_YEAR
from core.db import new_id, one_of, table_of
from core.errors import Conflict, FieldProblem, InvalidInput
from core.hooks.records.loyalty.offers import Birthday
from core.hooks.records.loyalty.parts import GiftReward
from core.hooks.records.loyalty.points import EarnEvent
from core.loyalty.actions.giving import give_reward
from core.loyalty.actions.points import earn_event
from core.loyalty.queries import get_memberships
from core.programs.queries import get_program, get_version_id
from core.referrals.rules import new_short
from core.segments.queries import list_explanations
from core.uow import UnitOfWork

_G, _C, _S = table_of(BirthdayGift), table_of(Customer), table_of(Subject)
_V, _A = table_of(CustomValue), table_of(ContactConsent)
PIECE: Final = 500
# A customer's own birthday is a field that a plugin or the tenant defined.
PERSON_FIELDS: Final = ("birthday", "x_birthday")


class GiftHanded(Conflict):
    """The gift of this birthday was handed out."""

    code = "gift-handed"


class GiftOver(Conflict):
    """The gift cannot be fetched today: too early, too late, or for an animal that has died."""

    code = "gift-over"


class _Born(msgspec.Struct, frozen=True):
    """Somebody whose birthday's window is open."""

    customer_id: UUID
    subject_id: UUID | None
    household_id: UUID | None
    window: Window


async def open_gifts(uow: UnitOfWork) -> int:
    """Open a gift for every birthday whose window is open today and that has none; return how many.

    Done again it opens only what came since: a pet that was written down, a night on which no worker ran.
    """
    opened = 0
    today = uow.today
    for rule in await find_rules(uow):
        after: UUID | None = None
        while True:
            found, after = await (_people if rule.subject == "person" else _subjects)(uow, rule, today, after)
            opened += await _insert(uow, rule, await _entitled(uow, rule, found))
            if after is None:
                break
    if opened:
        uow.audit("birthday.open", "birthday_gift", None, {"gifts": opened})
    await _give_points(uow, today)
    return opened


async def _give_points(uow: UnitOfWork, today: date) -> None:
    """Points that the rules give for a birthday come on the day itself, or up to a week later when no worker ran."""
    program = await get_program(uow)
    if program is None or not any(rule.event == "birthday" for rule in program.live(EarnEvent)):
        return
    near = (_G.c.birthday_on <= today, _G.c.birthday_on > today - timedelta(days=7))
    mine = (_G.c.tenant_id == uow.tenant_id, _G.c.state != "dropped", _C.c.state == "active", *near)
    joined = _G.join(_C, and_(_C.c.tenant_id == _G.c.tenant_id, _C.c.customer_id == _G.c.customer_id))
    rows = await uow.session.execute(
        select(_G.c.key, _G.c.customer_id).select_from(joined).where(*mine).order_by(_G.c.customer_id)
    )
    for row in rows.all():
        await earn_event(uow, customer_id=row.customer_id, event="birthday", key=f"{row.key}:event")


async def _subjects(
    uow: UnitOfWork, rule: Birthday, today: date, after: UUID | None
) -> tuple[list[_Born], UUID | None]:
    """The next piece of pets whose birthday is near, by the index on its day; and where to go on."""
    has_one = (
        select(_G.c.gift_id)
        .where(_G.c.tenant_id == _S.c.tenant_id, _G.c.subject_id == _S.c.subject_id)
        .where(_G.c.rule_id == rule.id, _G.c.closes_on >= today)
        .exists()
    )
    query = (
        select(_S.c.subject_id, _S.c.customer_id, _S.c.birthday, _S.c.kind, _C.c.household_id)
        .join(_C, and_(_C.c.tenant_id == _S.c.tenant_id, _C.c.customer_id == _S.c.customer_id))
        .where(_S.c.tenant_id == uow.tenant_id, one_of(_S.c.birth_day, sorted(month_days(open_days(rule, today)))))
        .where(_S.c.birth_day.is_not(None), _S.c.deceased_on.is_(None), _S.c.merged_into.is_(None))
        .where(_C.c.state == "active", ~has_one)
        .order_by(_S.c.subject_id)
        .limit(PIECE)
    )
    if after is not None:
        query = query.where(_S.c.subject_id > after)
    rows = (await uow.session.execute(query)).all()
    found = [
        _Born(row.customer_id, row.subject_id, row.household_id, window)
        for row in rows
        if is_for(rule, row.kind) and (window := open_window(rule, row.birthday, today)) is not None
    ]
    return found, rows[-1].subject_id if len(rows) == PIECE else None


async def _people(uow: UnitOfWork, rule: Birthday, today: date, after: UUID | None) -> tuple[list[_Born], UUID | None]:
    """The next piece of customers whose own birthday is near."""
    born = dates_of_birth(open_days(rule, today), oldest=OLDEST_YEAR)
    query = (
        select(_V.c.entity_id, _V.c.v_date, _C.c.household_id)
        .join(_C, and_(_C.c.tenant_id == _V.c.tenant_id, _C.c.customer_id == _V.c.entity_id))
        .where(_V.c.tenant_id == uow.tenant_id, _V.c.entity_type == "customer", _V.c.field_key.in_(PERSON_FIELDS))
        .where(one_of(_V.c.v_date, born), _C.c.state == "active")
        .order_by(_V.c.entity_id)
        .limit(PIECE)
    )
    if after is not None:
        query = query.where(_V.c.entity_id > after)
    rows = (await uow.session.execute(query)).all()
    found = [
        _Born(row.entity_id, None, row.household_id, window)
        for row in rows
        if (window := open_window(rule, row.v_date, today)) is not None
    ]
    return found, rows[-1].entity_id if len(rows) == PIECE else None


async def _entitled(uow: UnitOfWork, rule: Birthday, found: Sequence[_Born]) -> list[_Born]:
    """Leave out who wants to hear nothing, is of another tier, or does not fulfil the rule's condition."""
    ids = sorted({one.customer_id for one in found})
    if not ids:
        return []
    left_out = await _opted_out(uow, ids)
    if rule.tiers:
        cards = await get_memberships(uow, ids)
        left_out |= {one for one in ids if not may_have(rule, card.code if (card := cards[one].tier) else None)}
    if rule.when is not None:
        left_out |= set(ids) - {one.customer_id for one in await list_explanations(uow, rule.when, ids) if one.holds}
    return [one for one in found if one.customer_id not in left_out]


async def _opted_out(uow: UnitOfWork, ids: Collection[UUID]) -> set[UUID]:
    """Who withdrew marketing on all channels, as whoever they were known; who was never asked may have a gift."""
    merged = select(_C.c.customer_id, _C.c.merged_into).where(
        _C.c.tenant_id == uow.tenant_id, one_of(_C.c.merged_into, ids)
    )
    became = {row.customer_id: row.merged_into for row in await uow.session.execute(merged)}
    latest = (
        select(_A.c.customer_id, _A.c.decision, _A.c.consent_id)
        .ext(distinct_on(_A.c.customer_id))
        .where(_A.c.tenant_id == uow.tenant_id, one_of(_A.c.customer_id, [*ids, *became]))
        .where(_A.c.purpose == "marketing", _A.c.channel == "all")
        .order_by(_A.c.customer_id, _A.c.consent_id.desc())
    )
    rows = sorted(await uow.session.execute(latest), key=lambda row: row.consent_id)
    decided = {became.get(row.customer_id, row.customer_id): row.decision for row in rows}
    return {one for one, decision in decided.items() if decision == "withdrawn"}


async def _insert(uow: UnitOfWork, rule: Birthday, born: Sequence[_Born]) -> int:
    if not born:
        return 0
    stamp = {
        "tenant_id": uow.tenant_id,
        "rule_id": rule.id,
        "rule_version": await get_version_id(uow),
        "terms": msgspec.to_builtins(rule),
        "state": "open",
        "given": [],
        "handed_by_name": "",
        "created_at": uow.now,
    }
    rows = [
        stamp
        | {
            "gift_id": new_id(),
            "key": gift_key(
                rule,
                subject_id=one.subject_id,
                customer_id=one.customer_id,
                household_id=one.household_id,
                year=one.window.birthday.year,
            ),
            "customer_id": one.customer_id,
            "subject_id": one.subject_id,
            "birthday_on": one.window.birthday,
            "opens_on": one.window.opens,
            "closes_on": one.window.closes,
            "pickup_code": new_short(),
        }
        for one in born
    ]
    fresh = upsert(_G).values(rows).on_conflict_do_nothing(index_elements=["tenant_id", "key"])
    return len((await uow.session.execute(fresh.returning(_G.c.gift_id))).all())


async def hand_over(uow: UnitOfWork, *, gift_id: UUID, choice: int | None) -> GiftRecord:
    """Write down that the customer fetched the gift, and which of the choices; once.

    Raises:
        InvalidInput: nothing that is offered was chosen.
        GiftHanded: it was handed out, under this record or under one that became the same pet.
        GiftOver: its window is not open, or the animal has died.
    """
    seen = await get_gift(uow, gift_id)
    # The owner's row first: two gifts of one pet wait for each other.
    owner = (_C.c.tenant_id == uow.tenant_id, _C.c.customer_id == seen.customer_id)
    await uow.session.execute(select(_C.c.customer_id).where(*owner).with_for_update(key_share=True))
    mine = (_G.c.tenant_id == uow.tenant_id, _G.c.gift_id == gift_id)
    await uow.session.execute(select(_G.c.gift_id).where(*mine).with_for_update(key_share=True))
    gift = await get_gift(uow, gift_id)
    if gift.state == "handed" or await find_handed(uow, gift) is not None:
        raise GiftHanded(gift_id=gift_id)
    today = uow.today
    alive = gift.deceased_on is None and gift.customer_state == "active"
    if gift.state != "open" or not gift.opens_on <= today <= gift.closes_on or not alive:
        raise GiftOver(gift_id=gift_id, closes_on=gift.closes_on.isoformat())
    rewards = gift.terms.choose_one_of
    chosen = 0 if choice is None and len(rewards) == 1 else choice
    if choices_problem(chosen, rewards) or chosen is None:
        raise InvalidInput((FieldProblem("choice", "required"),))
    reward = rewards[chosen]
    if not isinstance(reward, GiftReward):
        await give_reward(
            uow, customer_id=gift.customer_id, reward=reward, key=gift.key, source="birthday", ref_id=gift_id
        )
    values: dict[str, Any] = {
        "state": "handed",
        "choice": chosen,
        "given": [{"key": gift.key, "reward": msgspec.to_builtins(reward), "at": uow.now.isoformat()}],
        "handed_at": uow.now,
        "handed_by": uow.actor.id,
        "handed_by_name": uow.actor.name,
    }
    await uow.session.execute(update(_G).where(*mine).values(values))
    await record_event(
        uow,
        customer_id=gift.customer_id,
        kind="birthday_gift",
        subject_id=gift.subject_id,
        ref_id=gift_id,
        data={"name": gift.subject_name or "", "reward": msgspec.to_builtins(reward)},
    )
    uow.audit("birthday.hand_over", "birthday_gift", gift_id, {"choice": chosen})
    uow.publish("birthdays", {"gift_id": str(gift_id)})
    return await get_gift(uow, gift_id)
