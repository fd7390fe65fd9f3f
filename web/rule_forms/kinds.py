"""All kinds of rules with their forms, and the way from a posted form to a rule."""

from collections.abc import Callable
from datetime import date
from types import MappingProxyType
from typing import Any, Final

import msgspec

from core.conditions.rules.catalogue import Catalogue
from core.hooks.records.loyalty.points import LedgerPolicy
from core.hooks.records.loyalty.program import AnyRule, Program
from web.i18n import N_, gettext
from web.rule_forms.campaigns import CAMPAIGN
from web.rule_forms.care import CHURN, GOODWILL, WINBACK
from web.rule_forms.fields import Choices, KindForm, Values
from web.rule_forms.offers import BIRTHDAY, COUPON, QUOTA, REFERRAL, REVIEW
from web.rule_forms.points import EARN_EVENT, EARN_RATE, LADDER
from web.rule_forms.reading import Read, read_sections
from web.rule_forms.spending import LEDGER, PROGRAM, REDEEM
from web.rule_forms.writing import write_sections

HEADINGS: Final = (N_("Tiers"), N_("Points"), N_("Coupons and services"), N_("Occasions"), N_("Care"))
KINDS: Final = MappingProxyType(
    {
        form.kind: form
        for form in (
            LADDER,
            EARN_RATE,
            EARN_EVENT,
            REDEEM,
            COUPON,
            QUOTA,
            REFERRAL,
            BIRTHDAY,
            REVIEW,
            CAMPAIGN,
            CHURN,
            WINBACK,
            GOODWILL,
        )
    }
)
"""Every kind of rule in the order in which people meet them."""


class Typed(msgspec.Struct):
    """A rule, or the sentences that say what is wrong by the name of the input; one of the two."""

    rule: AnyRule | None
    errors: dict[str, str]


def read_rule(form: KindForm, values: Values, choices: Choices, *, rule_id: str) -> Typed:
    """Read a posted form; every mistake is named at once."""
    read = read_sections(form.sections, values, choices)
    check = _CHECKS.get(form.kind)
    if check is not None:
        check(read, values)
    if (read.data.get("starts_on") or "") > (read.data.get("ends_on") or "9999"):
        read.errors["ends_on"] = gettext("The last day lies before the first.")
    if read.errors:
        return Typed(None, read.errors)
    try:
        rule = msgspec.convert(read.data | {"kind": form.kind, "id": rule_id}, type=form.record)
    except msgspec.ValidationError as error:
        return Typed(None, {"": gettext("This rule does not fit together: %(reason)s") % {"reason": str(error)}})
    return Typed(rule, {})


PROGRAM_SECTIONS: Final = (*PROGRAM, *LEDGER.sections)


def program_values(program: Program, catalogue: Catalogue) -> Values:
    """The form of the program's name and of its ledger's policy."""
    data = {"label": program.label, "source": program.source, **msgspec.to_builtins(program.ledger)}
    return write_sections(PROGRAM_SECTIONS, data, catalogue)


def read_program(program: Program, values: Values, choices: Choices) -> tuple[Program | None, dict[str, str]]:
    """Read the form of the program's name and of its ledger's policy."""
    read = read_sections(PROGRAM_SECTIONS, values, choices)
    if read.errors:
        return None, read.errors
    named = {name: read.data.pop(name) for name in ("label", "source")}
    policy = msgspec.convert(read.data, type=LedgerPolicy)
    return msgspec.structs.replace(program, ledger=policy, **named), {}


def _check_ladder(read: Read, values: Values) -> None:
    """Thresholds rise; the sentence names both tiers."""
    if "tiers" in read.errors or "tiers" not in read.data:
        return
    unit = {"points_earned": "min_points", "points_balance": "min_points", "visits": "min_visits"}
    member = unit.get(read.data.get("basis", ""), "min_fen")
    before: Any = None
    for key, tier in zip(values.get("tiers", []), read.data["tiers"], strict=False):
        spot = f"tiers-{key}.{member}"
        value = tier.get(member)
        if spot in read.errors or value is None:
            return
        if before is None and value != 0:
            read.errors[spot] = gettext("The lowest tier begins at 0; put another one before it, or type 0.")
        elif before is not None and value <= before:
            read.errors[spot] = gettext(
                "Each tier asks for more than the one before it. Raise it, or move the tier up."
            )
        before = value


def _check_coupon(read: Read, _: Values) -> None:
    """What a coupon gives is one thing; a percentage needs one."""
    gives = read.data.pop("gives", "amount")
    if gives == "percent" and read.data.get("pay_percent") is None and "pay_percent" not in read.errors:
        read.errors["pay_percent"] = gettext("Type what the member pays in percent: 90 for 9折, 85 for 8.5折.")


def _check_review(read: Read, _: Values) -> None:
    read.data["platforms"] = [(row.get("code", ""), row.get("label", "")) for row in read.data.get("platforms", [])]


def _check_campaign(read: Read, values: Values) -> None:
    """Days of a window are both every year or both once, and in order."""
    for key, window in zip(values.get("windows", []), read.data.get("windows", []), strict=False):
        if window.get("type") != "days" or "first" not in window or "last" not in window:
            continue
        found = [_is_day(window["first"]), _is_day(window["last"])]
        for name, good in zip(("first", "last"), found, strict=True):
            if not good:
                read.errors[f"windows-{key}.{name}"] = gettext("Type 11-11 for every year, or 2026-11-11 for once.")
        if all(found) and len(window["first"]) != len(window["last"]):
            read.errors[f"windows-{key}.last"] = gettext("Type both days with a year, or both without.")
        elif all(found) and len(window["first"]) == 10 and window["last"] < window["first"]:
            read.errors[f"windows-{key}.last"] = gettext("The last day lies before the first.")


def _is_day(text: str) -> bool:
    """Tell whether this is 2026-11-11 or 11-11; 29 February is a day of every year too."""
    try:
        date.fromisoformat(text if len(text) == 10 else f"2024-{text}")
    except ValueError:
        return False
    return len(text) in {5, 10}


_CHECKS: Final[dict[str, Callable[[Read, Values], None]]] = {
    "tier_ladder": _check_ladder,
    "coupon_template": _check_coupon,
    "review_reward": _check_review,
    "campaign": _check_campaign,
}
