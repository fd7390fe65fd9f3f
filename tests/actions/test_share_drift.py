"""When the levels do not come as the documents expect, each leader is told once a month, and reads it once."""

from collections.abc import Iterator

import pytest

from core.complaints.actions import sharing
from core.complaints.actions.filing import file_complaint
from core.complaints.actions.handling import judge_level
from core.complaints.actions.sharing import find_drift, get_shares, read_drift, tell_drift
from core.complaints.rules.filing import Filing
from core.complaints.rules.shares import FEWEST
from core.hooks.records.complaints import Severity
from tenants.roster import Roster
from tests.reports import open_clinic
from tests.workplaces import MovableClock, TestTenant


@pytest.fixture
async def clinic(tenant_a: TestTenant) -> TestTenant:
    return await open_clinic(tenant_a)


def _levels(*, grave: int) -> Iterator[Severity]:
    for number in range(FEWEST + 10):
        yield "L3" if number < grave else "L1"


async def _file(clinic: TestTenant, levels: Iterator[Severity]) -> None:
    async with clinic.unit() as uow:
        for number, level in enumerate(levels):
            filing = Filing(text="结账时未解释费用明细", contact_phone=f"138{number:08d}")
            filed = await file_complaint(uow, filing=filing)
            await judge_level(uow, complaint_id=filed.complaint_id, severity=level, reason="核查")


async def _tell(clinic: TestTenant) -> int:
    async with clinic.workplace.unit(clinic.id) as uow:
        return await tell_drift(uow, roster=Roster())


async def test_a_drift_is_told_once_a_month_and_read_once(clinic: TestTenant, clock: MovableClock) -> None:
    assert await _tell(clinic) == 0, "no complaints prove nothing"
    await _file(clinic, _levels(grave=FEWEST // 2))
    assert (await _tell(clinic), await _tell(clinic)) == (1, 0)
    leader = clinic.staff["team_leader"].id
    assert leader is not None
    async with clinic.unit("team_leader") as uow:
        found = await find_drift(uow, staff_id=leader)
        assert found is not None
        assert found.month == "2026-11"
        assert "L3" in {one.severity for one in found.shares.drifted}
        await read_drift(uow)
        assert await find_drift(uow, staff_id=leader) is None
    clock.advance(days=10)
    assert await _tell(clinic) == 1, "the next month it is told again"
    clock.advance(days=90)
    async with clinic.unit() as uow:
        assert (await get_shares(uow)).total == 0
    assert await _tell(clinic) == 0


async def test_who_else_works_here_is_not_told(clinic: TestTenant) -> None:
    await _file(clinic, _levels(grave=FEWEST // 2))
    await _tell(clinic)
    async with clinic.unit("front_desk") as uow:
        assert uow.actor.id is not None
        assert await find_drift(uow, staff_id=uow.actor.id) is None


async def test_of_many_cases_the_newest_are_counted(
    clinic: TestTenant, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "MOST", 5)
    for level in ("L3", "L1"):
        await _file(clinic, iter([level] * 4))
        clock.advance(hours=1)
    async with clinic.unit() as uow:
        assert {one.severity: one.count for one in (await get_shares(uow)).levels} == {"L1": 4, "L2": 0, "L3": 1}
