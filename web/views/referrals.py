"""Referrals in the reader's language: states, failed checks as sentences, what was given, and a case's history."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from core.hooks.records.loyalty.offers import Referral
from core.hooks.records.loyalty.parts import Reward
from core.hooks.records.loyalty.program import Program
from core.referrals.queries import CaseRecord, Gift
from core.referrals.rules import Failed
from web.formats import format_date, format_datetime, money
from web.i18n import N_, gettext, ngettext
from web.problem_texts import TEXTS
from web.views.churn import reward_words

STATES: Final = {
    "invited": (N_("Invited"), "neutral", "send"),
    "registered": (N_("Registered"), "info", "user-plus"),
    "qualified": (N_("Bought, waiting"), "info", "hourglass"),
    "held": (N_("To decide"), "warn", "scale"),
    "rewarded": (N_("Rewarded"), "ok", "gift"),
    "rejected": (N_("Rejected"), "danger", "circle-x"),
    "reversed": (N_("Taken back"), "danger", "undo-2"),
    "expired": (N_("Over"), "neutral", "clock"),
}
"""Word, tone and icon of each state."""
CHECKS: Final = {
    "household": N_("Same household"),
    "phone": N_("Same phone"),
    "payer": N_("Same payer"),
    "device": N_("Same device"),
    "existing": N_("Customer before"),
    "monthly": N_("Many in a month"),
    "staff": N_("Our own staff"),
    "reward": N_("Reward not given"),
}
_EXPLAINED: Final = {
    "household": N_("Both belong to the same household: the reward would stay in one purse."),
    "phone": N_("Both have the same phone number on record."),
    "payer": N_("The newcomer's bill was paid by what the member paid with before: %(payer)s."),
    "staff": N_("One of the two is %(name)s of our own staff, or has the same name or phone."),
    "monthly": N_("The member was rewarded %(done)s times this month already; the rule allows %(limit)s."),
}
_BEFORE: Final = {
    "purchase": N_("The newcomer had paid bills before the day of the registration."),
    "visit": N_("The newcomer had visits before the day of the registration."),
    "record": N_("The newcomer was on record before the day of the registration, without a visit or a bill."),
}
_ENDED: Final = {
    "nothing-bought": N_("Nothing was bought in time"),
    "nobody-came": N_("Nobody came with this number in time"),
    "same-person": N_("Member and newcomer turned out to be one person"),
    "merged": N_("The newcomer's two records became one; the other case counts"),
    "person-removed": N_("One of the two is not on record any more"),
    "refunded": N_("The purchase was refunded"),
    "decided": "",
}
_TAKEN: Final = {
    "taken": N_("taken back"),
    "partly": N_("taken back in part"),
    "used": N_("used already, could not be taken back"),
}
SIDES: Final = {"referrer": N_("Member"), "referee": N_("Newcomer")}


class CheckLine(msgspec.Struct, frozen=True):
    """A failed check with its explanation."""

    label: str
    text: str


class CaseLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list."""

    referral_id: UUID
    number: str
    referrer: str
    referrer_id: UUID
    referee: str
    referee_id: UUID | None
    state: str
    tone: str
    icon: str
    checks: list[CheckLine]
    at: datetime
    next: str
    ended: str


class Step(msgspec.Struct, frozen=True):
    """One entry of a case's history."""

    title: str
    at: datetime
    icon: str
    who: str = ""
    words: str = ""
    state: str = "neutral"


def number_text(number: int) -> str:
    """The number of a referral as people say it."""
    return f"R-{number:04d}"


def check_lines(failed: Sequence[Failed]) -> list[CheckLine]:
    """What speaks against a case, each as a sentence."""
    return [CheckLine(gettext(CHECKS.get(one.code, one.code)), _explain(one)) for one in failed]


def _explain(failed: Failed) -> str:
    params: dict[str, Any] = dict(failed.params)
    if failed.code == "existing":
        return gettext(_BEFORE.get(str(params.get("why")), _BEFORE["record"]))
    if failed.code == "device":
        others = int(params.get("others", 1))
        return ngettext(
            "One more newcomer registered from the very same phone.",
            "%(num)s more newcomers registered from the very same phone.",
            others,
        ) % {"num": others}
    if failed.code == "reward":
        text = TEXTS.get(str(params.get("problem")))
        words = gettext(text.title) if text else str(params.get("problem"))
        return gettext("Nothing speaks against it, but it could not be given: %(problem)s") % {
            "problem": words.split("%(", maxsplit=1)[0]
        }
    return gettext(_EXPLAINED[failed.code]) % params if failed.code in _EXPLAINED else failed.code


def case_line(case: CaseRecord) -> CaseLine:
    """One case as lists show it."""
    label, tone, icon = STATES[case.state]
    return CaseLine(
        referral_id=case.case_id,
        number=number_text(case.number),
        referrer=case.referrer_name,
        referrer_id=case.referrer_id,
        referee=case.referee_name or (gettext("number %(slip)s") % {"slip": case.slip} if case.slip else "—"),
        referee_id=case.referee_id,
        state=gettext(label),
        tone=tone,
        icon=icon,
        checks=check_lines(case.failed) if case.state == "held" else [],
        at=case.registered_at or case.invited_at,
        next=_next(case),
        ended=gettext(_ENDED[case.ended_code]) if _ENDED.get(case.ended_code) else "",
    )


def _next(case: CaseRecord) -> str:
    if case.state == "qualified" and case.hold_until is not None:
        return gettext("Decided after %(day)s, unless it is refunded") % {"day": format_datetime(case.hold_until)}
    if case.state in {"invited", "registered"}:
        return gettext("Ends on %(day)s") % {"day": format_date(case.expires_at)}
    return ""


def gift_lines(given: Sequence[Gift], program: Program | None) -> list[tuple[str, str]]:
    """(who, what and what became of it) for each thing that was given."""
    lines = []
    for gift in given:
        words = reward_words(msgspec.convert(gift.reward, Reward), program)
        taken = f" · {gettext(_TAKEN[gift.taken])}" if gift.taken in _TAKEN else ""
        lines.append((gettext(SIDES[gift.side]), words + taken))
    return lines


def promise(rewards: Sequence[Reward], program: Program | None) -> str:
    """What one side is promised, in one line."""
    return " + ".join(reward_words(one, program) for one in rewards)


def terms_of(rule: Referral, program: Program | None) -> list[tuple[str, str]]:
    """The rule as it was promised."""
    rows = [
        (gettext("The member gets"), promise(rule.referrer, program) or "—"),
        (gettext("The newcomer gets"), promise(rule.referee, program) or "—"),
    ]
    if rule.event == "first_purchase":
        least = money(max(rule.min_fen, 1)) if rule.min_fen else gettext("any amount")
        rows.append((gettext("First purchase of"), least))
        rows.append(
            (
                gettext("Not refunded for"),
                ngettext("%(num)s day", "%(num)s days", rule.hold_days) % {"num": rule.hold_days},
            )
        )
    return rows


def history(case: CaseRecord) -> list[Step]:
    """What happened with a case, the newest first."""
    steps = [Step(gettext("Invited"), case.invited_at, "send", case.entered_by_name)] if case.slip else []
    if case.registered_at is not None:
        how = gettext("On the invitation page") if case.via == "page" else gettext("At the desk")
        who = " · ".join(part for part in (how, case.entered_by_name) if part)
        steps.append(Step(gettext("Registered"), case.registered_at, "user-plus", who))
    if case.qualified_at is not None:
        steps.append(Step(gettext("First purchase"), case.qualified_at, "receipt"))
    if case.held_at is not None:
        steps.append(Step(gettext("Held for a decision"), case.held_at, "scale", state="warn"))
    if case.decided_at is not None:
        passed = case.state not in {"rejected", "reversed"}
        title = gettext("Let pass") if passed else gettext(STATES[case.state][0])
        icon, tone = ("circle-check", "ok") if passed else ("circle-x", "danger")
        steps.append(Step(title, case.decided_at, icon, case.decided_by_name, case.reason, tone))
    if case.rewarded_at is not None:
        steps.append(Step(gettext("Rewarded"), case.rewarded_at, "gift", state="ok"))
    if case.ended_at is not None and case.ended_code not in {"", "decided"}:
        words = gettext(_ENDED.get(case.ended_code) or "") if _ENDED.get(case.ended_code) else ""
        steps.append(Step(gettext(STATES[case.state][0]), case.ended_at, STATES[case.state][2], words=words))
    return sorted(steps, key=lambda step: step.at, reverse=True)


def table_of(lines: Sequence[CaseLine]) -> list[list[str]]:
    """The list as a file, with its head."""
    head = [N_("Number"), N_("Member"), N_("Newcomer"), N_("State"), N_("Since"), N_("Checks"), N_("Ended because")]
    return [
        [gettext(one) for one in head],
        *(
            [
                line.number,
                line.referrer,
                line.referee,
                line.state,
                format_datetime(line.at),
                "; ".join(check.label for check in line.checks),
                line.ended,
            ]
            for line in lines
        ),
    ]
