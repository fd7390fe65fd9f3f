"""What the checks find, in sentences that say what to do; the codes are those of core.programs.rules.checks."""

from collections.abc import Iterable
from typing import Final

from core.hooks.records.loyalty.program import Program, kind_of
from core.hooks.records.text import Text
from core.programs.rules.facts import Problem
from web.formats import money
from web.i18n import N_, gettext, localized
from web.rule_forms.kinds import KINDS

TEXTS: Final[dict[str, str]] = {
    "bad-weekday": N_("Choose the days of the week on which it runs."),
    "budget-below-reward": N_("The budget is smaller than the largest reward (%(worth)s): raise it, or give less."),
    "category-unknown": N_("The price list has no kind of fee “%(category)s”: choose another."),
    "coupon-above-least-bill": N_(
        "The coupon takes off more than the least bill that it asks for: ask for a larger bill."
    ),
    "ends-before-it-starts": N_("The last day lies before the first."),
    "event-missing": N_("Choose what has to happen."),
    "event-unknown": N_("Nothing reports “%(event)s”, so nobody gets these points."),
    "first-tier-conditional": N_("Whoever does not fulfil the conditions of the lowest tier has no tier at all."),
    "gives-back-more-than-paid": N_(
        "Points give back %(percent)s %% of what was paid: earn fewer, or make them worth less."
    ),
    "gives-back-much": N_("Points give back %(percent)s %% of what was paid. Is that meant?"),
    "gives-nothing": N_("It gives nothing: add a reward."),
    "limit-above-total": N_("One limit is higher than the one for all, so it is never reached."),
    "multiplies-nothing": N_("No rule gives points for spending, so there is nothing to multiply."),
    "never-expires": N_("This coupon never ends. Give it a time, or what is owed grows for ever."),
    "never-reached": N_("The limit is below the %(points)s points of one step, so nobody ever earns any."),
    "never-reviewed-down": N_("What was spent ever does not become less, so a review lowers nobody."),
    "no-budget": N_("It has no budget, so it may give as much as people ask for."),
    "no-checks": N_("Nothing is checked, so anybody can refer themselves."),
    "no-hold-out": N_("Everybody is called, so nobody can tell what calling does."),
    "no-limits": N_("No role may give anything by itself; every credit waits for approval."),
    "no-platform": N_("Add the platforms on which reviews count."),
    "no-proof": N_("Without a picture anybody can claim a review."),
    "no-roles": N_("Choose who calls these customers."),
    "no-signals": N_("Choose by which signs somebody is at risk."),
    "no-window-left": N_("None of its days lies ahead, so it never runs (again)."),
    "number-limits": N_("%(value)s lies outside %(min)s to %(max)s: type another number."),
    "one-is-enough": N_("“%(first)s” and “%(second)s” are both in force; only the first counts. Switch one off."),
    "pays-for-registering": N_("It pays for registering alone, which invites accounts that nobody uses."),
    "percent-limits": N_("%(value)s %% lies outside %(min)s to %(max)s %%: type another percentage."),
    "points-buy-nothing": N_("Points buy nothing: add a rule for paying with points."),
    "positive-only-is-fined": N_("Paying only for praise is fined in China: reward any genuine review."),
    "role-unknown": N_("There is no role “%(role)s”: choose another."),
    "rule-over": N_("Its last day has passed: switch it off, or give it a later one."),
    "service-missing": N_("Choose the service."),
    "service-unknown": N_("The price list has no service “%(service)s”: choose another, or add it there."),
    "service-unpriced": N_("“%(service)s” has no price: give it one in the price list."),
    "subject-type-unknown": N_("No plugin that is on knows “%(type)s”: choose another kind."),
    "template-off": N_("It gives the coupon “%(template)s”, which is switched off."),
    "template-unknown": N_("It gives a coupon that is not in the program: choose another."),
    "tier-gives-less": N_("“%(tier)s” gives a smaller discount than a lower tier."),
    "tier-unknown": N_("The ladder has no tier “%(tier)s”: choose another."),
    "two-of-a-group": N_(
        "“%(first)s” and “%(second)s” exclude each other (same either-or group): switch one of them off."
    ),
    "two-validities": N_("It is good for a number of months and of days; keep one of them."),
    "unknown-condition-field": N_("A condition asks a field that is not there any more: change the conditions."),
    "unknown-festival": N_("The calendar does not know this festival: choose another."),
    "unreachable": N_("It never counts beside “%(other)s”, which always comes first or gives more."),
    "unreachable-most": N_("The most that may be paid with is below the least (%(min)s): raise it."),
    "winback-without-churn": N_("Nobody is found to be at risk: add a rule about who is at risk."),
}
_OTHER: Final = N_("This does not fit; open the rule and look at it (%(code)s).")


def problem_text(problem: Problem) -> str:
    """The sentence for one problem."""
    told: dict[str, str] = {name: _said(name, value) for name, value in problem.params.items()}
    if problem.code == "budget-below-reward":
        told["worth"] = money(int(str(problem.params["fen"]))) if "fen" in told else told.get("points", "")
    try:
        return gettext(TEXTS[problem.code]) % told
    except KeyError:
        return gettext(_OTHER) % {"code": problem.code}


def problem_state(problem: Problem) -> str:
    """The state of a banner or line about it."""
    return "danger" if problem.severity == "error" else "warn"


def _said(name: str, value: Text | int) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    if name in {"first", "second", "other"} and isinstance(value, str) and value.rpartition("_")[0] in KINDS:
        value = value.rpartition("_")[0]
    if isinstance(value, str) and value in KINDS:
        return gettext(KINDS[value].label)
    return localized(value)


def problem_links(program: Program, found: Iterable[Problem], here: str) -> list[tuple[str, str, str]]:
    """Problems as (words, state, address of the rule), the grave ones first; without `here` nothing is linked."""
    lines = []
    for one in sorted(found, key=lambda one: one.severity != "error"):
        rule = program.find(one.rule_id)
        words = problem_text(one)
        name = (localized(rule.label) or gettext(KINDS[kind_of(rule)].label)) if rule else ""
        href = f"{here}/rules/{rule.id}" if rule and here else ""
        lines.append((f"{name}：{words}" if name else words, problem_state(one), href))
    return lines
