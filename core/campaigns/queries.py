"""Which campaigns of the program in force are open on a day, and what each has left of its budget."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select

from core.campaigns.models import CampaignBudget, CampaignUse
from core.campaigns.rules import Spent, is_spent
from core.db import table_of
from core.hooks.records.loyalty.offers import Campaign
from core.programs.queries import get_program
from core.programs.rules.windows import is_open
from core.uow import Reader

_B, _U = table_of(CampaignBudget), table_of(CampaignUse)


async def find_open_campaigns(reader: Reader, day: date, *, at: datetime | None = None) -> tuple[Campaign, ...]:
    """Return the campaigns that count on a local day and have something left of their budgets.

    `at` names the instant whose version of the program counts; the day is in the tenant's zone.
    """
    program = await get_program(reader, at)
    opened = [one for one in program.live(Campaign) if is_open(one, day)] if program else []
    if not any(one.budget_fen is not None or one.budget_points is not None for one in opened) or program is None:
        return tuple(opened)
    spent = await get_spent(reader, program.id)
    return tuple(one for one in opened if not is_spent(one, spent.get(one.id, Spent())))


async def get_spent(reader: Reader, program_id: str) -> dict[str, Spent]:
    """Return what each campaign of the program has given, by rule id."""
    prefix = f"{program_id}:"
    query = select(_B).where(_B.c.tenant_id == reader.tenant_id, _B.c.rule_id.startswith(prefix, autoescape=True))
    return {
        row.rule_id.removeprefix(prefix): Spent(fen=row.spent_fen, points=row.spent_points, uses=row.uses)
        for row in await reader.session.execute(query)
    }


async def count_uses(reader: Reader, *, program_id: str, rule_id: str, customer_id: UUID) -> int:
    """Return how often a campaign gave this customer something; what was given back does not count."""
    query = select(func.count(), func.count().filter(_U.c.key.startswith("back:"))).where(
        _U.c.tenant_id == reader.tenant_id,
        _U.c.rule_id == f"{program_id}:{rule_id}",
        _U.c.customer_id == customer_id,
    )
    rows, back = (await reader.session.execute(query)).one()
    return int(rows - 2 * back)
