"""Birthday gifts: opened in time, for whom the rule is, fetched once, and not twice after a merge."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import insert

from core.birthdays.actions import GiftHanded, GiftOver, hand_over, open_gifts
from core.birthdays.queries import (
    GiftRecord,
    count_due_gifts,
    find_silent,
    get_gift,
    list_due_gifts,
    list_handed_gifts,
    list_open_gifts,
)
from core.contacts.actions import record_consent
from core.customers.actions import change_subject, join_household
from core.customers.models import CustomValue
from core.customers.queries import get_customer
from core.errors import InvalidInput, NotFound
from core.hooks.records.conditions import Cmp
from core.hooks.records.loyalty.offers import Birthday
from core.hooks.records.loyalty.parts import PointsReward
from core.hooks.records.loyalty.points import EarnEvent
from core.loyalty.queries import get_membership
from core.merges.merging import merge_customers
from core.merges.rules import PetPair
from tests.referrals import BIRTHDAY, add_person, buy, pet, use_rules
from tests.rewards import LADDER
from tests.workplaces import MovableClock, TestTenant

# The clock of the tests stands on Monday, 23 November 2026.
TODAY = date(2020, 11, 23)


async def _owner(tenant: TestTenant, *births: date | None, name: str = "王小明") -> UUID:
    pets = tuple(pet(f"豆豆{number}", born) for number, born in enumerate(births))
    async with tenant.unit() as uow:
        return await add_person(uow, name, pets=pets)


async def _open(tenant: TestTenant) -> int:
    async with tenant.workplace.unit(tenant.id) as uow:
        return await open_gifts(uow)


async def _gifts(tenant: TestTenant, customer_id: UUID) -> list[GiftRecord]:
    async with tenant.unit() as uow:
        return await list_open_gifts(uow, customer_id)


async def _hand(tenant: TestTenant, gift_id: UUID, choice: int | None = 1) -> GiftRecord:
    async with tenant.unit("front_desk") as uow:
        return await hand_over(uow, gift_id=gift_id, choice=choice)


async def test_gifts_are_opened_for_birthdays_in_the_window_and_once(tenant_a: TestTenant) -> None:
    await use_rules(tenant_a, BIRTHDAY)
    born = (TODAY, TODAY + timedelta(days=7), TODAY + timedelta(days=8), TODAY - timedelta(days=7), None)
    owner = await _owner(tenant_a, *born)
    assert (await _open(tenant_a), await _open(tenant_a)) == (3, 0)
    gifts = await _gifts(tenant_a, owner)
    assert [one.subject_name for one in gifts] == ["豆豆3", "豆豆0", "豆豆1"]
    assert [one.turns for one in gifts] == [6, 6, 6]
    assert len({one.pickup_code for one in gifts}) == 3
    assert gifts[0].key == f"birthday:{gifts[0].subject_id}:2026"


async def test_a_gift_is_handed_out_once_with_what_was_chosen(tenant_a: TestTenant, clock: MovableClock) -> None:
    await use_rules(tenant_a, BIRTHDAY)
    owner = await _owner(tenant_a, TODAY)
    await _open(tenant_a)
    gift = (await _gifts(tenant_a, owner))[0]
    async with tenant_a.unit() as uow:
        assert [one.gift_id for one in await list_due_gifts(uow, typed=gift.pickup_code)] == [gift.gift_id]
        assert await list_due_gifts(uow, typed="ZZZZZ") == []
        assert await count_due_gifts(uow) == 1
    for choice in (None, 2):
        with pytest.raises(InvalidInput, match="choice: required"):
            await _hand(tenant_a, gift.gift_id, choice)
    done = await _hand(tenant_a, gift.gift_id)
    assert (done.state, done.choice, done.handed_by_name) == ("handed", 1, "front_desk")
    assert done.given[0]["reward"]["item"] == "snack"
    with pytest.raises(GiftHanded):
        await _hand(tenant_a, gift.gift_id)
    assert await _gifts(tenant_a, owner) == []
    async with tenant_a.unit() as uow:
        assert [one.gift_id for one in await list_handed_gifts(uow)] == [gift.gift_id]
        with pytest.raises(NotFound):
            await get_gift(uow, owner)
    clock.advance(days=365)
    assert await _open(tenant_a) == 1


async def test_a_gift_is_over_after_its_window(tenant_a: TestTenant, clock: MovableClock) -> None:
    await use_rules(tenant_a, BIRTHDAY)
    owner = await _owner(tenant_a, TODAY)
    await _open(tenant_a)
    gift = (await _gifts(tenant_a, owner))[0]
    clock.advance(days=7)
    assert len(await _gifts(tenant_a, owner)) == 1
    clock.advance(days=1)
    assert await _gifts(tenant_a, owner) == []
    with pytest.raises(GiftOver):
        await _hand(tenant_a, gift.gift_id)


@pytest.mark.parametrize(
    ("now", "born", "birthday"),
    [
        (datetime(2027, 2, 21, 3, tzinfo=UTC), date(2024, 2, 29), date(2027, 2, 28)),
        (datetime(2028, 2, 22, 3, tzinfo=UTC), date(2024, 2, 29), date(2028, 2, 29)),
        (datetime(2026, 12, 28, 3, tzinfo=UTC), date(2024, 1, 2), date(2027, 1, 2)),
        (datetime(2027, 1, 3, 3, tzinfo=UTC), date(2024, 12, 30), date(2026, 12, 30)),
        # 16:30 on 20 February in London is the 21st in Shanghai already.
        (datetime(2027, 2, 20, 16, 30, tzinfo=UTC), date(2024, 2, 29), date(2027, 2, 28)),
    ],
)
async def test_leap_days_and_new_year_are_found(
    tenant_a: TestTenant, clock: MovableClock, now: datetime, born: date, birthday: date
) -> None:
    await use_rules(tenant_a, BIRTHDAY)
    owner = await _owner(tenant_a, born)
    clock.instant = now
    assert await _open(tenant_a) == 1
    gift = (await _gifts(tenant_a, owner))[0]
    assert (gift.birthday_on, gift.key) == (birthday, f"birthday:{gift.subject_id}:{birthday.year}")


async def test_a_pet_that_died_and_people_who_want_to_hear_nothing_have_no_gift(tenant_a: TestTenant) -> None:
    await use_rules(tenant_a, BIRTHDAY)
    owner, silent = await _owner(tenant_a, TODAY), await _owner(tenant_a, TODAY, name="李静")
    async with tenant_a.unit() as uow:
        await record_consent(
            uow, customer_id=silent, purpose="marketing", decision="withdrawn", source="desk", text_shown="退订"
        )
    assert await _open(tenant_a) == 1
    gift = (await _gifts(tenant_a, owner))[0]
    async with tenant_a.unit() as uow:
        assert await find_silent(uow, [gift]) == {owner}
        assert await find_silent(uow, []) == set()
        assert gift.subject_id is not None
        await change_subject(uow, subject_id=gift.subject_id, draft=pet("豆豆0", TODAY, deceased_on=date(2026, 11, 22)))
    assert await _gifts(tenant_a, owner) == []
    with pytest.raises(GiftOver):
        await _hand(tenant_a, gift.gift_id)


async def test_one_household_has_one_gift_where_the_rule_says_so(tenant_a: TestTenant) -> None:
    await use_rules(tenant_a, msgspec.structs.replace(BIRTHDAY, once_per="household"))
    owner, other = await _owner(tenant_a, TODAY, TODAY), await _owner(tenant_a, TODAY, name="李家")
    async with tenant_a.unit() as uow:
        await join_household(uow, customer_id=owner, other_id=other)
    assert await _open(tenant_a) == 1


async def test_gifts_of_two_customers_who_join_a_household_later_are_fetched_once(tenant_a: TestTenant) -> None:
    await use_rules(tenant_a, msgspec.structs.replace(BIRTHDAY, once_per="household"))
    owner, other = await _owner(tenant_a, TODAY), await _owner(tenant_a, TODAY, name="李家")
    assert await _open(tenant_a) == 2
    first, second = (await _gifts(tenant_a, owner))[0], (await _gifts(tenant_a, other))[0]
    async with tenant_a.unit() as uow:
        await join_household(uow, customer_id=owner, other_id=other)
    await _hand(tenant_a, first.gift_id)
    with pytest.raises(GiftHanded):
        await _hand(tenant_a, second.gift_id)


async def test_a_rule_for_some_tiers_or_under_a_condition_leaves_the_others_out(tenant_a: TestTenant) -> None:
    gold = msgspec.structs.replace(BIRTHDAY, tiers=("silver",))
    await use_rules(tenant_a, LADDER, gold)
    owner, other = await _owner(tenant_a, TODAY), await _owner(tenant_a, TODAY, name="李家")
    await buy(tenant_a, owner, fen=600_00)
    assert (await _open(tenant_a), len(await _gifts(tenant_a, owner))) == (1, 1)
    spent = msgspec.structs.replace(BIRTHDAY, when=Cmp(field="spent_all", op="lt", value=100_00))
    await use_rules(tenant_a, LADDER, msgspec.structs.replace(spent, id="second"))
    assert (await _open(tenant_a), len(await _gifts(tenant_a, other))) == (1, 1)


async def test_a_persons_own_birthday_is_a_field_of_theirs(tenant_a: TestTenant) -> None:
    rule = Birthday(id="own", subject="person", choose_one_of=(PointsReward(points=88),))
    await use_rules(tenant_a, rule)
    owner, _other = await _owner(tenant_a), await _owner(tenant_a, name="李家")
    async with tenant_a.unit() as uow:
        value = {"entity_type": "customer", "entity_id": owner, "field_key": "birthday", "v_date": date(1990, 11, 24)}
        await uow.session.execute(insert(CustomValue).values(tenant_id=uow.tenant_id, **value))
    assert (await _open(tenant_a), await _open(tenant_a)) == (1, 0)
    gift = (await _gifts(tenant_a, owner))[0]
    assert (gift.subject_id, gift.turns, gift.birthday_on) == (None, None, date(2026, 11, 24))
    await _hand(tenant_a, gift.gift_id, None)
    async with tenant_a.unit() as uow:
        assert (await get_membership(uow, owner)).points == 88


async def test_points_for_a_birthday_come_on_the_day(tenant_a: TestTenant, clock: MovableClock) -> None:
    points = EarnEvent(id="cake", event="birthday", points=66, limit=1, period="year")
    await use_rules(tenant_a, BIRTHDAY, points)
    owner = await _owner(tenant_a, TODAY + timedelta(days=2))
    for days, expected in ((0, 0), (2, 66), (1, 66)):
        clock.advance(days=days)
        await _open(tenant_a)
        async with tenant_a.unit() as uow:
            assert (await get_membership(uow, owner)).points == expected


async def test_a_pet_that_was_written_down_twice_has_one_gift(tenant_a: TestTenant) -> None:
    await use_rules(tenant_a, BIRTHDAY)
    owner, again = await _owner(tenant_a, TODAY), await _owner(tenant_a, TODAY, name="王小明")
    assert await _open(tenant_a) == 2
    first, second = (await _gifts(tenant_a, owner))[0], (await _gifts(tenant_a, again))[0]
    async with tenant_a.unit() as uow:
        mine, theirs = [(await get_customer(uow, one)).subjects[0].subject_id for one in (owner, again)]
        await merge_customers(uow, winner_id=owner, loser_id=again, pets=[PetPair(source=theirs, into=mine)])
    assert len(await _gifts(tenant_a, owner)) == 1
    await _hand(tenant_a, second.gift_id)
    assert await _gifts(tenant_a, owner) == []
    with pytest.raises(GiftHanded):
        await _hand(tenant_a, first.gift_id)
    assert await _open(tenant_a) == 0


async def test_without_a_rule_nothing_is_opened(tenant_a: TestTenant) -> None:
    await use_rules(tenant_a)
    await _owner(tenant_a, TODAY)
    assert await _open(tenant_a) == 0
