"""What a trial of complaint policies shows: promise by promise before and after, and the cases that turn out otherwise."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from core.complaints.rules.regulator import TRACK_LABELS
from core.hooks.records.complaints import Policy, Severity
from core.policy_trials.queries import Trial, TrialMove
from core.policy_trials.rules.candidates import Changed
from core.policy_trials.rules.sums import PromiseSums, Side
from web.formats import duration, number
from web.i18n import gettext, localized
from web.views.complaints import LEVEL_NAMES, number_text
from web.views.loyalty_reports import Chart, Tile


class PromiseLine(msgspec.Struct, frozen=True, kw_only=True):
    """One promise before and after."""

    name: str
    rule: str
    """What the candidate says, in few words; empty where nothing changes."""
    decided: int
    kept_before: str
    kept_after: str
    median_before: str
    median_after: str
    p90_before: str
    p90_after: str
    lost: int
    saved: int
    gone: int


class MoveLine(msgspec.Struct, frozen=True, kw_only=True):
    """A promise of a case that turns out otherwise."""

    id: str
    complaint_id: UUID
    number: str
    title: str
    promise: str
    is_lost: bool
    due_before: datetime | None
    due_after: datetime | None
    completed_at: datetime | None


def promise_name(policies: Mapping[Severity, Policy], key: str) -> str:
    """`L1 ack_contact` in words."""
    severity, _, milestone = key.partition(" ")
    known = next((policy for level, policy in policies.items() if level == severity), None)
    found = next((one for one in known.milestones if one.id == milestone), None) if known else None
    label = found.label if found else TRACK_LABELS.get(milestone)
    level = gettext(LEVEL_NAMES[severity]) if severity in LEVEL_NAMES else severity
    return f"{level} · {localized(label) if label else milestone}"


def rule_words(change: Changed | None) -> str:
    """What the candidate promises."""
    if change is None:
        return ""
    if change.gone:
        return gettext("not promised any more")
    if change.days is not None:
        return gettext("%(n)s working days") % {"n": change.days}
    if change.seconds is None:
        return gettext("without a deadline")
    words = duration(change.seconds)
    return words if change.clock == "wall" else f"{words} · {change.clock}"


def _share(side: Side) -> str:
    if side.percent is None:
        return "—"
    return gettext("%(percent)s %% of %(n)s") % {"percent": f"{side.percent:g}", "n": number(side.judged)}


def _time(side: Side, share: float) -> str:
    found = side.quantile(share)
    return "—" if found is None else duration(found)


def _line(name: str, rule: str, sums: PromiseSums) -> PromiseLine:
    return PromiseLine(
        name=name,
        rule=rule,
        decided=sums.before.judged,
        kept_before=_share(sums.before),
        kept_after=_share(sums.after),
        median_before=_time(sums.before, 0.5),
        median_after=_time(sums.after, 0.5),
        p90_before=_time(sums.before, 0.9),
        p90_after=_time(sums.after, 0.9),
        lost=sums.lost,
        saved=sums.saved,
        gone=sums.gone,
    )


def lines_of(trial: Trial, policies: Mapping[Severity, Policy]) -> list[PromiseLine]:
    """The promises that the past holds, changed ones first; a sum of all on top."""
    changes = trial.candidate.changes
    ordered = sorted(trial.sums.promises.items(), key=lambda one: (one[0] not in changes, one[0]))
    lines = [_line(promise_name(policies, key), rule_words(changes.get(key)), sums) for key, sums in ordered]
    return [_line(gettext("All promises"), "", trial.sums.whole()), *lines] if lines else []


def tiles_of(trial: Trial) -> list[Tile]:
    """The comparison in four figures."""
    whole = trial.sums.whole()
    return [
        Tile(label=gettext("Kept, as it was"), value=_big(whole.before), note=_share(whole.before)),
        Tile(label=gettext("Kept, under the candidate"), value=_big(whole.after), note=_share(whole.after)),
        Tile(label=gettext("Would be broken instead"), value=number(whole.lost), note=_of(whole.before.met)),
        Tile(label=gettext("Would be kept instead"), value=number(whole.saved), note=_of(whole.before.late)),
    ]


def _big(side: Side) -> str:
    return "—" if side.percent is None else f"{side.percent:g} %"


def _of(n: int) -> str:
    return gettext("of %(n)s") % {"n": number(n)}


def chart_of(trial: Trial, policies: Mapping[Severity, Policy]) -> Chart | None:
    """Kept before and after, of the promises that change."""
    rows: list[tuple[str, list[float | None]]] = [
        (promise_name(policies, key), [sums.before.percent, sums.after.percent])
        for key, sums in sorted(trial.sums.promises.items())
        if key in trial.candidate.changes and (sums.before.judged or sums.after.judged)
    ]
    if not rows:
        return None
    return Chart(
        id="chart-trial",
        title=gettext("Promises kept, before and after"),
        first=gettext("Promise"),
        columns=[gettext("As it was"), gettext("Candidate")],
        rows=rows,
        unit="%",
        high=100,
    )


def moves_of(moves: list[TrialMove], policies: Mapping[Severity, Policy]) -> list[MoveLine]:
    """The cases, with words."""
    return [
        MoveLine(
            id=f"{one.complaint_id}-{one.milestone}-{one.cycle}",
            complaint_id=one.complaint_id,
            number=number_text(one.number),
            title=one.title,
            promise=promise_name(policies, f"{one.severity} {one.milestone}"),
            is_lost=one.is_lost,
            due_before=one.due_before,
            due_after=one.due_after,
            completed_at=one.completed_at,
        )
        for one in moves
    ]
