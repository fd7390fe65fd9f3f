"""The month on paper: its figures in the tenant's language, laid out by typst; data goes in as JSON, never as markup."""

import asyncio
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
import pylopdf_fonts_zh_cn
import typst

from core.complaint_reports.queries.mix import Mix, get_mix
from core.complaint_reports.queries.outcomes import Outcome, list_outcomes, sum_outcomes
from core.complaint_reports.queries.pace import Pace, get_cycle, get_first_response
from core.complaint_reports.queries.promises import list_kept
from core.complaint_reports.rules.figures import (
    BASELINES,
    LEVEL_SHARES,
    ONCE_DAYS,
    CaseFilter,
    Kept,
    Part,
    kept_by,
    pareto,
)
from core.complaint_reports.rules.words import is_chinese, long, named, word
from core.complaints.rules.regulator import TRACK_LABELS
from core.hooks.records.complaints import SEVERITIES, Policy, Severity
from core.hooks.specs.complaints import complaint_categories
from core.policies.queries import get_policies
from core.reports.rules.spans import ReportSpan, span_back, starts_at
from core.tenancy.queries import find_tenant
from core.uow import Reader

_TEMPLATE: Final = Path(__file__).parent / "month.typ"
_MONTHS: Final = 12


async def make_month(reader: Reader, month: date) -> tuple[bytes, int]:
    """Return the PDF of a month and how many cases came in it; typst works in a thread of its own."""
    data, cases = await get_month_data(reader, month)
    return await asyncio.get_running_loop().run_in_executor(None, partial(press, data)), cases


def press(data: dict[str, Any]) -> bytes:
    """Lay the data out; some 0.4 s of CPU."""
    made = typst.compile(
        _TEMPLATE,
        root=_TEMPLATE.parent,
        font_paths=[pylopdf_fonts_zh_cn.sans_path().parent],
        ignore_system_fonts=True,
        sys_inputs={"data": msgspec.json.encode(data).decode()},
    )
    assert isinstance(made, bytes)  # one document, one file
    return made


async def get_month_data(reader: Reader, month: date) -> tuple[dict[str, Any], int]:
    """Return what the paper shows, and how many cases came."""
    zone, locale = reader.scope.timezone, reader.scope.locale
    after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    until = starts_at(after, zone)
    year = CaseFilter(span=span_back(month, _MONTHS, zone), until=until)
    mine = CaseFilter(span=ReportSpan(months=(month,), today=month, timezone=zone), until=until)
    kept, outcomes = await list_kept(reader, year), await list_outcomes(reader, year)
    response, cycle = await get_first_response(reader, year), await get_cycle(reader, year)
    mix, all_year = await get_mix(reader, mine), await get_mix(reader, year)
    last = _MONTHS - 1
    ours = [row for row in kept if row.month == last]
    ended = [row for row in outcomes if row.month == last]
    policies = await get_policies(reader)
    tenant = await find_tenant(reader.session)
    title = word("title", locale)
    empty = not mix.cases and not ended
    sections = [
        _promises(ours, policies, locale),
        _levels(mix, policies, locale),
        _categories(mix, reader, locale),
        _trend(year, kept, outcomes, response, cycle, all_year, locale),
    ]
    data = {
        "lang": "zh" if is_chinese(locale) else "en",
        "house": tenant.name if tenant is not None else "",
        "title": title,
        "month": f"{month:%Y-%m}",
        "period": word("period", locale, year=month.year, month=month.month),
        "read_by": word("read_by", locale),
        "read_on": word("read_on", locale),
        "foot": word("made", locale, at=f"{reader.now.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})"),
        "empty": word("none", locale) if empty else "",
        "tiles": _tiles(mix, ours, ended, response, cycle, locale),
        "sections": [section for section in sections if section["rows"]],
        "baselines_title": word("baselines", locale),
        "baselines": [f"{one.words}（《{one.document}》）" for one in BASELINES.values()],
        "note": word("note", locale, days=ONCE_DAYS),
    }
    return data, mix.cases


def _said(part: Part, locale: str) -> tuple[str, str]:
    note = word("of", locale, n=part.whole)
    few = f" · {word('few', locale)}" if part.few and part.whole else ""
    return ("—" if part.percent is None else f"{part.percent:g} %"), note + few


def _tiles(
    mix: Mix, kept: list[Kept], ended: list[Outcome], response: Pace, cycle: Pace, locale: str
) -> list[tuple[str, str, str]]:
    out, last = sum_outcomes(ended), _MONTHS - 1
    parts = sum((row.part for row in kept), Part(0, 0))
    fen = out.fen_per_case
    return [
        (word("received", locale), str(mix.cases), word("cases", locale)),
        (word("ended", locale), str(out.paid.whole), word("cases", locale)),
        (word("kept", locale), *_said(parts, locale)),
        (
            word("first", locale),
            long(response.by_month[last].median, locale),
            word("of", locale, n=response.by_month[last].n),
        ),
        (word("cycle", locale), long(cycle.by_month[last].mean, locale), word("of", locale, n=cycle.by_month[last].n)),
        (word("once", locale), *_said(out.once, locale)),
        (word("reopened", locale), *_said(out.reopened, locale)),
        (
            word("cost", locale),
            "—" if fen is None else f"¥{fen / 100:,.2f}",
            word("of", locale, n=out.paid.whole),
        ),
    ]


def _line(cells: list[object], share: float | None) -> dict[str, Any]:
    return {"cells": [str(cell) for cell in cells], "share": share}


def _percent(part: Part) -> str:
    return "—" if part.percent is None else f"{part.percent:g} %"


def _promises(kept: list[Kept], policies: dict[Severity, Policy], locale: str) -> dict[str, Any]:
    labels = {(level, m.id): named(m.label, locale) for level, policy in policies.items() for m in policy.milestones}
    rows = []
    for one in kept_by(kept, "promise"):
        key: Any = one.key  # level and milestone
        level = named(policies[key[0]].label, locale) if key[0] in policies else key[0]
        track = TRACK_LABELS.get(key[1])
        name = f"{level} · {labels.get(key) or (named(track, locale) if track else key[1])}"
        rows.append(_line([name, one.part.part, one.part.whole, _percent(one.part)], one.part.percent))
    head = [word(key, locale) for key in ("promise", "kept", "decided", "kept_percent")]
    return {"title": word("by_promise", locale), "head": head, "rows": rows}


def _levels(mix: Mix, policies: dict[Severity, Policy], locale: str) -> dict[str, Any]:
    rows = []
    for level in SEVERITIES if mix.cases else ():
        policy = policies.get(level)
        wanted = LEVEL_SHARES[level] if policy is None or policy.share_percent is None else policy.share_percent
        part = Part(mix.levels.get(level, 0), mix.cases)
        label = named(policy.label, locale) if policy is not None else level
        rows.append(_line([label, part.part, _percent(part), f"{wanted} %"], part.percent))
    head = [word(key, locale) for key in ("level", "received", "share", "expected")]
    return {"title": word("levels", locale), "head": head, "rows": rows}


def _categories(mix: Mix, reader: Reader, locale: str) -> dict[str, Any]:
    labels = {one.value.id: named(one.value.label, locale) for one in reader.plugins.declared(complaint_categories)}
    rows = []
    for one in pareto({key or "-": n for key, n in mix.categories.items()}, most=10):
        name = word("unsaid", locale) if one.key in {"-", ""} else labels.get(one.key, one.key)
        part = Part(one.n, mix.cases)
        rows.append(_line([name, one.n, _percent(part)], part.percent))
    head = [word(key, locale) for key in ("category", "received", "share")]
    return {"title": word("about", locale), "head": head, "rows": rows}


def _trend(
    year: CaseFilter,
    kept: list[Kept],
    outcomes: list[Outcome],
    response: Pace,
    cycle: Pace,
    mix: Mix,
    locale: str,
) -> dict[str, Any]:
    parts: dict[object, Part] = {one.key: one.part for one in kept_by(kept, "month")}
    rows = []
    for at, first in enumerate(year.span.months):
        part = parts.get(at, Part(0, 0))
        ended = sum(row.cases for row in outcomes if row.month == at)
        first_response, whole = response.by_month[at], cycle.by_month[at]
        cells: list[object] = [f"{first:%Y-%m}", mix.by_month[at], ended, long(first_response.median, locale)]
        cells += [long(whole.mean, locale), f"{_percent(part)} / {part.whole}"]
        rows.append(_line(cells, part.percent))
    head = [word(key, locale) for key in ("month", "received", "ended", "first", "cycle", "kept_percent")]
    return {"title": word("trend", locale), "head": head, "rows": rows}
