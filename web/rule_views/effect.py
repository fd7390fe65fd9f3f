"""The figures of a backtest for people: who changes tier, points, yuan and liability, as charts, tables and a workbook."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from core.backtests.queries import Mover
from core.backtests.rules.effects import Effect, Move, Note, Pair
from core.hooks.records.loyalty.points import TierLadder
from core.hooks.records.loyalty.program import Program
from web.formats import format_date, money, number
from web.i18n import N_, gettext, localized
from web.rule_forms.kinds import KINDS

NOTES: Final[dict[str, str]] = {
    "no-live-program": N_("Nothing is in force yet, so everything is new."),
    "no-purchases": N_("Nobody bought anything in these days: points and yuan cannot be told."),
    "condition-of-today": N_("Its conditions are asked of customers as they are today, not as they were then."),
    "rewards-not-counted": N_("Coupons, gifts and services that it gives are not counted in yuan."),
    "budget-not-counted": N_("Its budget was not counted down in these days; it may end sooner."),
    "points-buy-nothing": N_("Points buy nothing, so they are worth nothing here."),
    "effective-later": N_("It begins later; the figures are those of publishing it today."),
}


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the comparison: what, in force, under the draft, the difference."""

    what: str
    live: str
    draft: str
    change: str
    direction: str


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """So many members go from one tier to another."""

    before: str
    after: str
    people: int
    is_up: bool
    query: str


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the page of an effect says."""

    effect: Effect
    ways: tuple[Way, ...]
    later: tuple[Way, ...]
    figures: tuple[Figure, ...]
    tiers: tuple[tuple[str, list[int]], ...]
    points: tuple[tuple[str, list[int]], ...]
    yuan: tuple[tuple[str, list[float]], ...]
    rules: tuple[tuple[str, str, str, str], ...]
    notes: tuple[str, ...]
    span: str

    @property
    def falling(self) -> int:
        """How many would fall on the day of publishing."""
        return self.effect.falling


def effect_of(stored: dict[str, Any]) -> Effect | None:
    """The record of a stored effect, or None when it was written by another release."""
    try:
        return msgspec.convert(stored, Effect)
    except msgspec.ValidationError:
        return None


def tier_names(*programs: Program | None) -> dict[str, str]:
    """Tiers by code; those of an earlier program count first."""
    found: dict[str, str] = {}
    for program in programs:
        for rule in program.rules if program else ():
            for tier in rule.tiers if isinstance(rule, TierLadder) else ():
                found.setdefault(tier.code, localized(tier.label) or tier.code)
    return found


def shown_effect(effect: Effect, names: dict[str, str]) -> Shown:
    """The figures in the reader's language."""
    return Shown(
        effect=effect,
        ways=tuple(_way(one, names, "publish") for one in effect.moves),
        later=tuple(_way(one, names, "review") for one in effect.later),
        figures=(
            _figure(gettext("Points given"), effect.points, number),
            _figure(gettext("Yuan taken off"), effect.discount_fen, money),
            _figure(gettext("Coupons, gifts and services given"), effect.rewards, number),
            _figure(gettext("Owed in points on that day"), effect.liability_fen, money),
            _figure(gettext("Owed in points, had it held all along"), effect.liability_replayed_fen, money),
        ),
        tiers=tuple((localized(one.label) or one.code, [one.people.live, one.people.draft]) for one in effect.tiers),
        points=tuple((format_date(one.first), [one.points.live, one.points.draft]) for one in effect.spans),
        yuan=tuple(
            (format_date(one.first), [one.discount_fen.live / 100, one.discount_fen.draft / 100])
            for one in effect.spans
        ),
        rules=tuple(
            (
                localized(one.label) or _kind_name(one.kind),
                _both(one.times, number),
                _both(one.points, number),
                _both(one.fen, money),
            )
            for one in effect.rules
        ),
        notes=tuple(_note(one, effect) for one in effect.notes),
        span=gettext("%(first)s to %(last)s") % {"first": format_date(effect.first), "last": format_date(effect.last)},
    )


def _kind_name(kind: str) -> str:
    return gettext(KINDS[kind].label) if kind in KINDS else kind


def _way(move: Move, names: dict[str, str], whence: str) -> Way:
    return Way(
        before=names.get(move.before or "", move.before or gettext("no tier")),
        after=names.get(move.after, move.after),
        people=move.people,
        is_up=move.is_up,
        query=f"whence={whence}&before={move.before or ''}&to={move.after}",
    )


def _figure(what: str, pair: Pair, said: Any) -> Figure:
    change = pair.change
    sign = "+" if change > 0 else ""
    return Figure(
        what=what,
        live=said(pair.live),
        draft=said(pair.draft),
        change=f"{sign}{said(change)}" if change else "±0",
        direction="up" if change > 0 else "down" if change < 0 else "",
    )


def _both(pair: Pair, said: Any) -> str:
    return said(pair.draft) if pair.live == pair.draft else f"{said(pair.live)} → {said(pair.draft)}"


def _note(note: Note, effect: Effect) -> str:
    rule = next((one for one in effect.rules if one.rule_id == note.rule_id), None)
    words = gettext(NOTES.get(note.code, NOTES["condition-of-today"]))
    name = (localized(rule.label) or _kind_name(rule.kind)) if rule else note.rule_id
    return f"{name}：{words}" if name else words


def mover_rows(movers: Sequence[Mover], names: dict[str, str], unit: str) -> list[tuple[Mover, str, str, str]]:
    """People who change tier with both tiers and their sum in words."""
    return [
        (
            one,
            names.get(one.tier_before or "", one.tier_before or "—"),
            names.get(one.tier_after, one.tier_after),
            money(one.total) if unit == "fen" else number(one.total),
        )
        for one in movers
    ]


def unit_of(program: Program) -> str:
    """What the ladder counts: fen, or points and visits as plain numbers."""
    ladder = program.ladder
    return "fen" if ladder is None or ladder.basis in {"lifetime_spend", "period_spend"} else "number"


def effect_sheets(
    shown: Shown, people: Sequence[tuple[Mover, str, str, str]]
) -> dict[str, Sequence[Sequence[str | float]]]:
    """Three sheets: the figures, the weeks, and everybody who changes tier."""
    live, draft = gettext("In force"), gettext("Draft")
    figures: list[Sequence[str | float]] = [[one.what, one.live, one.draft, one.change] for one in shown.figures]
    figures += [[f"{one.before} → {one.after}", "", one.people, ""] for one in shown.ways]
    figures += [[note, "", "", ""] for note in shown.notes]
    weeks: list[Sequence[str | float]] = [
        [points[0], *points[1], *yuan[1]] for points, yuan in zip(shown.points, shown.yuan, strict=True)
    ]
    heads: list[str | float] = [gettext("Week from")]
    for what in (gettext("Points given"), gettext("Yuan taken off")):
        heads += [f"{what} · {live}", f"{what} · {draft}"]
    titles: list[str | float] = [
        gettext("No."),
        gettext("Customer"),
        gettext("Tier now"),
        gettext("Tier then"),
        gettext("Sum"),
    ]
    named: list[list[str | float]] = [
        [one.number, one.full_name, before, after, total] for one, before, after, total in people
    ]
    return {
        gettext("Effect"): [[shown.span, live, draft, gettext("Change")], *figures],
        gettext("Weeks"): [heads, *weeks],
        gettext("People"): [titles, *named],
    }
