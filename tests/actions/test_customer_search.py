"""Search among many: the exact comes first, and a rare name is found behind any number of common ones."""

import pytest

from core.customers.bulk import add_customers
from core.customers.queries import find_customers
from core.customers.rules.profile import CustomerDraft, SubjectDraft
from core.customers.searching import MOST
from tests.workplaces import TestTenant

KIND = "petclinic.pet"


def person(name: str, number: int, *pets: str, member_no: str | None = None) -> CustomerDraft:
    subjects = tuple(SubjectDraft(name=pet, kind=KIND) for pet in pets)
    phones = (f"+86138{number:08d}",)
    return CustomerDraft(full_name=name, phones=phones, member_no=member_no, subjects=subjects)


@pytest.fixture
async def shop(tenant_a: TestTenant) -> TestTenant:
    """More people called 王伟… than a term reads, the rare ones written first and so the oldest."""
    rare = [
        person("王伟", 1),
        person("欧阳娜娜", 2, "豆豆"),
        person("李雷", 3, "豆豆豆"),
        person("韩梅梅", 4, member_no="A10"),
        person("赵六", 5, member_no="A1"),
    ]
    common = [person(f"王伟{'东西南北中'[n % 5]}{n}", 1000 + n, "豆豆包") for n in range(MOST + 60)]
    async with tenant_a.unit() as uow:
        await add_customers(uow, rare, source="staff")
        await add_customers(uow, common, source="import")
    return tenant_a


async def names(shop: TestTenant, typed: str) -> list[str]:
    async with shop.unit() as uow:
        return [row.full_name for row in await find_customers(uow, typed)]


async def test_the_whole_name_comes_before_the_many_that_begin_with_it(shop: TestTenant) -> None:
    found = await names(shop, "王伟")
    assert found[0] == "王伟"
    assert len(found) > 1


async def test_a_pet_of_exactly_this_name_comes_before_longer_names(shop: TestTenant) -> None:
    found = await names(shop, "豆豆")
    assert found[0] == "欧阳娜娜"
    assert found[1].startswith("王伟")
    assert await names(shop, "豆豆豆") == ["李雷"]


async def test_a_member_number_comes_before_longer_ones(shop: TestTenant) -> None:
    assert (await names(shop, "A1"))[:2] == ["赵六", "韩梅梅"]


async def test_a_rare_name_is_found_among_many_common_ones(shop: TestTenant) -> None:
    assert await names(shop, "欧阳娜娜") == ["欧阳娜娜"]
    assert await names(shop, "ouyang") == ["欧阳娜娜"]
    assert await names(shop, "娜娜") == ["欧阳娜娜"]


async def test_a_rare_term_beside_a_common_one_is_found(shop: TestTenant) -> None:
    assert await names(shop, "豆豆 欧阳") == ["欧阳娜娜"]
    assert await names(shop, "欧阳娜娜 豆豆") == ["欧阳娜娜"]
    assert await names(shop, "王伟 欧阳") == []


async def test_the_end_of_a_phone_and_the_whole_of_it_find_its_owner(shop: TestTenant) -> None:
    assert (await names(shop, "13800000001"))[0] == "王伟"
    assert "韩梅梅" in await names(shop, "0004")
