"""Rules tried on one customer, for people: the tier with its reason, each condition, the last purchase, the benefits."""

from typing import Final
from uuid import UUID

import msgspec

from core.backtests.rules.effects import Held, RuleTrial, TierTrial, Trial
from core.conditions.rules.catalogue import Catalogue, walk
from core.hooks.records.conditions import Tree
from core.hooks.records.loyalty.program import Program
from web.formats import format_date, money, number, price_share
from web.i18n import N_, gettext, localized, ngettext
from web.rule_views.lines import name_of
from web.views.segments import sentence as conditions_in_words
from web.views.segments import value_words

REASONS: Final = {
    "rises": (N_("Rises"), "ok", "trending-up"),
    "falls": (N_("Falls"), "danger", "trending-down"),
    "stays": (N_("Stays in the tier"), "neutral", "equal"),
    "kept": (N_("Keeps the tier, though the sum gives a lower one"), "info", "lock"),
    "pinned": (N_("Set by hand, so it stays"), "info", "pin"),
    "no-ladder": (N_("No tiers"), "neutral", "circle-off"),
}
Reasoned = tuple[bool, str, str]
"""Whether it holds, the condition in words, what the record says."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One tier or rule about the customer."""

    holds: bool
    words: str
    detail: str
    reasons: tuple[Reasoned, ...] = ()


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one customer."""

    customer_id: UUID
    name: str
    before: str
    after: str
    reason: str
    state: str
    icon: str
    total: str
    tiers: tuple[Part, ...]
    rules: tuple[Part, ...]
    facts: tuple[tuple[str, str], ...]


def person_of(trial: Trial, program: Program, catalogue: Catalogue) -> Person:
    """One trial in the reader's language."""
    words, state, icon = REASONS[trial.reason]
    return Person(
        customer_id=trial.customer_id,
        name=trial.full_name,
        before=localized(trial.label_before) or gettext("no tier"),
        after=localized(trial.label_after) or gettext("no tier"),
        reason=gettext(words),
        state=state,
        icon=icon,
        total=_sum(trial.total, trial.basis),
        tiers=tuple(_tier(one, trial, program, catalogue) for one in trial.tiers),
        rules=tuple(_rule(one, program, catalogue) for one in trial.rules),
        facts=_facts(trial),
    )


def _sum(value: int, basis: str) -> str:
    if basis in {"points_earned", "points_balance"}:
        return ngettext("%(n)s point", "%(n)s points", value) % {"n": number(value)}
    if basis == "visits":
        return ngettext("%(n)s visit", "%(n)s visits", value) % {"n": number(value)}
    return money(value)


def _tier(one: TierTrial, trial: Trial, program: Program, catalogue: Catalogue) -> Part:
    threshold = _sum(one.threshold, trial.basis)
    detail = (
        gettext("%(missing)s is missing to %(threshold)s")
        % {"missing": _sum(one.missing, trial.basis), "threshold": threshold}
        if one.missing
        else gettext("%(threshold)s is reached") % {"threshold": threshold}
    )
    ladder = program.ladder
    tier = next((it for it in ladder.tiers if it.code == one.code), None) if ladder else None
    reasons = _reasons(one.conditions, tier.when if tier else None, catalogue)
    return Part(holds=one.reached, words=localized(one.label) or one.code, detail=detail, reasons=reasons)


def _rule(one: RuleTrial, program: Program, catalogue: Catalogue) -> Part:
    rule = program.find(one.rule_id)
    points = ngettext("%(n)s point", "%(n)s points", one.points) % {"n": number(one.points)} if one.points else ""
    return Part(
        holds=one.applies,
        words=name_of(rule) if rule else one.rule_id,
        detail=points,
        reasons=_reasons(one.conditions, rule.when if rule else None, catalogue),
    )


def _reasons(held: tuple[Held, ...], tree: Tree | None, catalogue: Catalogue) -> tuple[Reasoned, ...]:
    nodes = dict(walk(tree)) if tree is not None else {}
    found = []
    for one in held:
        node = nodes.get(one.path)
        field = catalogue.fields.get(one.field)
        said = value_words(field, one.value) if field else number(int(one.value or 0)) if one.value is not None else ""
        found.append((one.holds, conditions_in_words(node, catalogue) if node is not None else one.field, said))
    return tuple(found)


def _facts(trial: Trial) -> tuple[tuple[str, str], ...]:
    found = [(gettext("Pays of each price"), _change(_share(trial.pay_percent.live), _share(trial.pay_percent.draft)))]
    before, after = (
        "、".join(localized(one) for one in labels) or "—" for labels in (trial.benefits_before, trial.benefits_after)
    )
    found.append((gettext("Benefits"), _change(before, after)))
    if trial.last is not None:
        when = gettext("Last purchase, %(day)s") % {"day": format_date(trial.last.occurred_at)}
        paid = _change(money(trial.last.paid_fen.live), money(trial.last.paid_fen.draft))
        points = _change(number(trial.last.points.live), number(trial.last.points.draft))
        found.append((when, gettext("%(paid)s, points %(points)s") % {"paid": paid, "points": points}))
    return tuple(found)


def _share(percent: int) -> str:
    return gettext("the full price") if percent >= 100 else price_share(percent)


def _change(before: str, after: str) -> str:
    return after if before == after else f"{before} → {after}"
