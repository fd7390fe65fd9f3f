"""The campaigns of the program in force: which are open, when each opens next, and what is left of its budget."""

from datetime import date
from typing import Any, Final

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency

from core.backtests.checking import get_facts
from core.campaigns.queries import get_spent
from core.campaigns.rules import Spent, is_spent
from core.hooks.records.loyalty.offers import Campaign
from core.programs.queries import get_program
from core.programs.rules.windows import is_open, next_opening
from core.uow import Reader
from web.formats import format_date, money
from web.i18n import N_, gettext, localized
from web.navigation import Entry, add_entry
from web.request import WebRequest
from web.rule_views.lines import say, voice_of
from web.screens import show, tenant_path
from web.security import requires

PATH: Final = "/t/{slug:str}/campaigns"
_LATE: Final = date.max

add_entry(
    Entry(
        id="campaigns",
        label=N_("Promotions"),
        icon="calendar-heart",
        path="/campaigns",
        permission="loyalty.read",
        rank=55,
    )
)


class CampaignLine(msgspec.Struct, frozen=True, kw_only=True):
    """One campaign: whether it is open, when it is next, what it says, and how much of its budgets is gone."""

    id: str
    name: str
    state: str
    tone: str
    days: str
    words: str
    message: str
    budgets: list[tuple[str, int, int]]
    """What and how much of how much, spent, whole."""
    uses: int
    next_on: date


def _line(rule: Campaign, today: date, spent: Spent, words: str) -> CampaignLine:
    span = next_opening(rule, today) if rule.live else None
    opened = is_open(rule, today)
    if not rule.live:
        state, tone = gettext("Off"), "neutral"
    elif is_spent(rule, spent):
        state, tone = gettext("Budget used up"), "warn"
    elif opened:
        state, tone = gettext("Open today"), "ok"
    else:
        state, tone = (gettext("Planned"), "info") if span else (gettext("Over"), "neutral")
    return CampaignLine(
        id=rule.id,
        name=localized(rule.label) or rule.id,
        state=state,
        tone=tone,
        days=_span(span),
        words=words,
        message=localized(rule.message),
        budgets=_budgets(rule, spent),
        uses=spent.uses,
        next_on=span[0] if span else _LATE,
    )


def _span(span: tuple[date, date] | None) -> str:
    if span is None:
        return "—"
    first, last = format_date(span[0]), format_date(span[1])
    return first if first == last else f"{first} – {last}"


def _budgets(rule: Campaign, spent: Spent) -> list[tuple[str, int, int]]:
    rows = []
    if rule.budget_fen:
        said = {"spent": money(spent.fen), "budget": money(rule.budget_fen)}
        rows.append((gettext("%(spent)s of %(budget)s") % said, min(spent.fen, rule.budget_fen), rule.budget_fen))
    if rule.budget_points:
        said = {"spent": f"{spent.points:,}", "budget": f"{rule.budget_points:,}"}
        words = gettext("%(spent)s of %(budget)s points") % said
        rows.append((words, min(spent.points, rule.budget_points), rule.budget_points))
    return rows


@get(PATH, guards=[requires("loyalty.read")])
async def show_campaigns(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    program = await get_program(reader)
    today = reader.today
    spent = await get_spent(reader, program.id) if program else {}
    rules = [one for one in program.rules if isinstance(one, Campaign)] if program else []
    lines = []
    if program is not None and rules:
        voice = voice_of(program, await get_facts(reader))
        lines = [_line(one, today, spent.get(one.id, Spent()), say(one, voice)) for one in rules]
    return await show(
        request,
        "pages/campaigns/list.html",
        lines=sorted(lines, key=lambda line: (line.next_on, line.name)),
        rules_url=tenant_path(request, "/programs") if reader.actor.may("loyalty.manage") else "",
    )


routes = [show_campaigns]
