"""Undoing an import against what came later: whoever something refers to stays, and says why."""

import pytest

from core.complaints.actions.filing import file_complaint
from core.complaints.rules.filing import Filing
from core.contacts.actions import record_consent
from core.customers.queries import CustomerRecord, get_customer, list_customers
from core.forms.actions import create_link, submit_intake
from core.imports.queries import list_rows
from core.loyalty.actions import record_purchase
from core.merges.merging import merge_customers
from core.profiles.actions import set_preference
from core.profiles.queries import Preference
from core.uow import UnitOfWork
from core.visits.actions.visits import open_visit
from tests.imports import as_clinic, check, csv_of, only, run, undo
from tests.visits import publish_items
from tests.workplaces import TestTenant


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await as_clinic(tenant_a)


async def reasons(clinic: TestTenant, batch_id: object) -> dict[int, str | None]:
    async with clinic.unit() as uow:
        return {row.row_no: row.kept_reason for row in await list_rows(uow, batch_id, states=["kept"])}  # type: ignore[arg-type] # a batch's own id


async def person(uow: UnitOfWork, number: int) -> CustomerRecord:
    return await get_customer(uow, await only(uow, f"1381234{number:04d}"))


def lines(count: int) -> list[str]:
    return [f"A{n},客户{n},1381234{n:04d},宠{n},猫,,,,,,{n},备注" for n in range(1, count + 1)]


async def test_a_visit_a_form_a_merge_and_the_like_keep_their_customers_and_the_rest_goes(clinic: TestTenant) -> None:
    done = await run(clinic, await check(clinic, csv_of(*lines(10))))
    async with clinic.unit() as uow:
        await publish_items(uow)
        people = {n: await person(uow, n) for n in range(1, 11)}
        one = people[1]
        await open_visit(
            uow,
            customer_id=one.customer_id,
            subject_id=one.subjects[0].subject_id,
            branch_id=clinic.signed_up.branch_id,
            reason="绝育",
        )
        link = await create_link(
            uow,
            form_id="petclinic.intake",
            customer_id=people[2].customer_id,
            subject_id=people[2].subjects[0].subject_id,
        )
    answers: dict[str, object] = {
        "owner_name": "客户2",
        "owner_phone": "13812340002",
        "pet_name": "宠2",
        "species": "cat",
        "weight_kg": 4.2,
        "chief_complaint": "吐",
        "signature": {"name": "客户2"},
    }
    async with clinic.unit() as uow:
        await submit_intake(uow, code=link.code, answers=answers, once_key="k1")
    async with clinic.unit() as uow:
        await merge_customers(uow, winner_id=people[3].customer_id, loser_id=people[4].customer_id)
        await file_complaint(
            uow,
            filing=Filing(
                customer_id=people[5].customer_id,
                branch_id=clinic.signed_up.branch_id,
                text="等得太久",
                contact_phone="13812340005",
            ),
        )
        await record_purchase(uow, customer_id=people[6].customer_id, fen=100_00, key="p1")
        await set_preference(uow, customer_id=people[7].customer_id, preference=Preference(channel="phone"))
        await record_consent(
            uow, customer_id=people[8].customer_id, purpose="marketing", decision="granted", source="desk"
        )
    undone = await undo(clinic, done)
    assert undone.state == "undone"
    assert await reasons(clinic, done.batch_id) == {
        2: "has-visit",
        3: "has-form",
        4: "is-merged",
        5: "is-merged",
        6: "has-complaint",
        7: "has-purchase",
        8: "has-wish",
        9: "has-permission",
    }
    assert (undone.counts.undone, undone.counts.kept) == (2, 8)
    async with clinic.unit() as uow:
        names = {row.full_name for row in await list_customers(uow, limit=50)}
        assert names == {f"客户{n}" for n in (1, 2, 3, 5, 6, 7, 8)}
        assert len((await get_customer(uow, people[3].customer_id)).subjects) == 2
        assert [pet.name for pet in (await person(uow, 1)).subjects] == ["宠1"]


async def test_who_stays_keeps_the_pets_that_later_rows_and_pieces_brought(clinic: TestTenant) -> None:
    more = [f"A{n},客户{n},1381234{n:04d},二宠{n},猫,,,,,,{n},备注" for n in range(1, 4)]
    done = await run(clinic, await check(clinic, csv_of(*lines(60), *more)))
    async with clinic.unit() as uow:
        await publish_items(uow)
        one = await person(uow, 2)
        pet = next(pet for pet in one.subjects if pet.name == "宠2")
        await open_visit(
            uow,
            customer_id=one.customer_id,
            subject_id=pet.subject_id,
            branch_id=clinic.signed_up.branch_id,
            reason="绝育",
        )
    undone = await undo(clinic, done)
    assert await reasons(clinic, done.batch_id) == {3: "has-visit", 63: "has-visit"}
    assert (undone.counts.undone, undone.counts.kept) == (61, 2)
    async with clinic.unit() as uow:
        assert [row.full_name for row in await list_customers(uow)] == ["客户2"]
        assert {pet.name for pet in (await person(uow, 2)).subjects} == {"宠2", "二宠2"}
