"""What complaints are promised: the steps of each level, the tenant's changes in a draft, and a try-out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.complaints.actions.filing import assess
from core.complaints.rules.filing import TEXT_LIMIT, Filing
from core.errors import AnxinError, InvalidInput, NotFound
from core.hooks.records.complaints import SEVERITIES, Milestone, Severity
from core.policies.actions import discard_rules, save_policy_draft
from core.policies.refusals import NoRulesDraft, NothingChanged, RulesDraftChanged, RulesMoving, RulesPlanned
from core.policies.rules.changes import UNCHANGED, PolicyChanges, differences
from core.policies.rules.checks import check_changes
from core.policies.rules.promising import promise_all
from core.policies.rules.versions import POLICIES
from core.uow import Reader, UnitOfWork
from web.i18n import N_, gettext, localized
from web.navigation import Entry, add_entry
from web.page import Toast
from web.policy_desk import (
    BLANK_STEPS,
    Working,
    form_of,
    get_working,
    read_milestone,
    tabs_of,
    typed,
)
from web.problem_texts import TEXTS
from web.problems import Refused, field_texts
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views.complaints import LEVEL_NAMES
from web.views.policies import Line, budget_words, clock_words, rows_of, step_words

PATH: Final = "/t/{slug:str}/complaint-rules"
STEP: Final = PATH + "/levels/{level:str}/{milestone:str}"
GUARD: Final = [requires("complaints.manage")]
TOLD: Final = (NoRulesDraft, NothingChanged, RulesDraftChanged, RulesMoving, RulesPlanned)
add_entry(
    Entry(
        id="complaint-rules",
        label=N_("Complaint rules"),
        icon="timer",
        path="/complaint-rules",
        permission="complaints.manage",
        group="manage",
        rank=42,
    )
)


def told_of(error: AnxinError) -> str:
    """Return a refusal as a sentence: what, and what to do."""
    words = TEXTS[error.code]
    return f"{gettext(words.title) % error.params} · {gettext(words.next_step)}"


def root_of(request: WebRequest) -> str:
    """Return the address of the area."""
    return tenant_path(request, "/complaint-rules")


def _level(text: str) -> Severity:
    if text not in SEVERITIES:
        raise NotFound("no such level")
    return text


def _declared(working: Working, level: Severity, milestone: str) -> Milestone:
    found = next((m for m in working.declared[level].milestones if m.id == milestone), None)
    if found is None:
        raise NotFound("no such step")
    return found


@get(PATH, guards=GUARD)
async def show_rules(
    request: WebRequest, reader: NamedDependency[Reader], level: FromQuery[str] = "L1"
) -> Response[Any]:
    """The promises of one level, as they are in the draft or in force, with their sources."""
    working = await get_working(reader)
    severity = _level(level if level in SEVERITIES else "L1")
    root = root_of(request)
    changes = working.changes.levels.get(severity, {})
    policy = working.policies[severity]
    return await show(
        request,
        "pages/policies/rules.html",
        root=root,
        tabs=tabs_of(root, "rules"),
        macros=tenant_path(request, "/macros"),
        levels=[(gettext(LEVEL_NAMES[one]), f"{root}?level={one}", one == severity) for one in SEVERITIES],
        level=severity,
        policy=policy,
        rows=rows_of(working.declared[severity], policy, changes, working.names),
        working=working,
        draft=working.draft,
        differs=bool(differences(working.live, working.policies)),
    )


async def _show_step(
    request: WebRequest,
    working: Working,
    level: Severity,
    milestone: str,
    *,
    form: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    told: str = "",
    status: int = 200,
) -> Response[Any]:
    declared = _declared(working, level, milestone)
    change = working.changes.of(level, milestone)
    shown = next((m for m in working.policies[level].milestones if m.id == milestone), declared)
    values = form or form_of(shown, off=change.off)
    slots = sum(1 for name in values if name.startswith("role")) if form else len(shown.steps) + BLANK_STEPS
    root = root_of(request)
    return await show(
        request,
        "pages/policies/step.html",
        status=status,
        root=root,
        level=level,
        level_name=gettext(LEVEL_NAMES[level]),
        milestone=declared,
        label=localized(declared.label),
        values=values,
        errors=errors or {},
        told=told,
        slots=range(slots),
        revision=working.revision,
        clocks=[("wall", gettext("Wall clock")), *sorted(working.names.items())],
        roles=[("", "—"), *sorted(working.roles.items(), key=lambda one: one[1])],
        declared={
            "budget": budget_words(declared),
            "clock": clock_words(declared.clock, working.names),
            "pausable": gettext("with a reason") if declared.pausable else gettext("no pause"),
            "warnings": ", ".join(str(round(one * 100)) for one in declared.warnings) or "—",
            "steps": [step_words(step, working.roles) for step in declared.steps],
        },
        changed=change != UNCHANGED,
        here=f"{root}/levels/{level}/{milestone}",
    )


@get(STEP, guards=GUARD)
async def show_step(
    request: WebRequest, reader: NamedDependency[Reader], level: FromPath[str], milestone: FromPath[str]
) -> Response[Any]:
    """One step with the tenant's values, and what the plugin says beside them."""
    return await _show_step(request, await get_working(reader), _level(level), milestone)


@post(STEP, guards=GUARD)
async def do_change_step(
    request: WebRequest, uow: NamedDependency[UnitOfWork], level: FromPath[str], milestone: FromPath[str]
) -> Response[Any]:
    """Keep a changed step in the draft; what the checks refuse is said beside its field."""
    posted = typed(await request.open_form())
    working, severity = await get_working(uow), _level(level)
    declared = _declared(working, severity, milestone)
    try:
        change = read_milestone(posted, declared)
        changes = working.changes.put(severity, milestone, change)
        _refuse_own(working, changes, mine_of(severity, milestone))
        await save_policy_draft(uow, changes=changes, revision=int(posted.get("revision") or 0))
    except InvalidInput as error:
        errors = {
            path.removeprefix(mine_of(severity, milestone)): words
            for path, words in field_texts(error.problems).items()
        }
        page = await _show_step(
            request, await get_working(uow), severity, milestone, form=posted, errors=errors, status=422
        )
        raise Refused(page) from error
    except (RulesDraftChanged, NoRulesDraft) as error:
        page = await _show_step(
            request, await get_working(uow), severity, milestone, form=posted, told=told_of(error), status=409
        )
        raise Refused(page) from error
    toast = Toast(text=gettext("Kept in the draft; nothing holds before it is published"))
    return go_to(request, f"{root_of(request)}?level={severity}", toast=toast)


def _refuse_own(working: Working, changes: PolicyChanges, mine: str) -> None:
    """Raise for the problems of one step; those of others are said where it is published."""
    problems = check_changes(working.declared, changes, frozenset(working.timetable.versions))
    if own := tuple(one for one in problems if one.path.startswith(mine)):
        raise InvalidInput(own)


def mine_of(severity: str, milestone: str) -> str:
    """Return the beginning of the paths of one step's problems."""
    return f"{severity}.{milestone}."


class Revision(msgspec.Struct, frozen=True):
    """Which draft was seen."""

    revision: int = 0


@post(STEP + "/reset", guards=GUARD)
async def do_reset_step(
    request: WebRequest, uow: NamedDependency[UnitOfWork], level: FromPath[str], milestone: FromPath[str]
) -> Response[Any]:
    """Put a step of the draft back to what the plugin says."""
    form = await request.read(Revision)
    working, severity = await get_working(uow), _level(level)
    _declared(working, severity, milestone)
    changes = working.changes.put(severity, milestone, UNCHANGED)
    await save_policy_draft(uow, changes=changes, revision=form.revision)
    toast = Toast(text=gettext("As the plugin says, in the draft"))
    return go_to(request, f"{root_of(request)}?level={severity}", toast=toast)


@post(PATH + "/discard", guards=GUARD)
async def do_discard(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    form = await request.read(Revision)
    await discard_rules(uow, subject=POLICIES, revision=form.revision)
    return go_to(request, root_of(request), toast=Toast(text=gettext("The draft is thrown away")))


@get(PATH + "/try", guards=GUARD)
async def show_try(
    request: WebRequest,
    reader: NamedDependency[Reader],
    text: FromQuery[str] = "",
    level: FromQuery[str] = "",
) -> Response[Any]:
    """If this came in now: every due time under the live rules and under the draft; nothing is written."""
    working = await get_working(reader)
    verdict = None
    severity = _level(level) if level in SEVERITIES else None
    words = text.strip()[:TEXT_LIMIT]
    if words and severity is None:
        verdict = await assess(reader, filing=Filing(text=words), received_at=reader.now)
        severity = verdict.severity
    root = root_of(request)
    return await show(
        request,
        "pages/policies/try.html",
        root=root,
        tabs=tabs_of(root, "try"),
        levels=[("", gettext("By the text")), *((one, gettext(LEVEL_NAMES[one])) for one in SEVERITIES)],
        text=words,
        level=level if level in SEVERITIES else "",
        severity=severity,
        verdict=verdict,
        reasons=[localized(reason.text) for reason in verdict.reasons] if verdict else [],
        lines=_lines(working, severity, reader.now) if severity else [],
        draft=working.draft,
        at=reader.now,
    )


def _lines(working: Working, severity: Severity, at: datetime) -> list[Line]:
    live = {one.milestone.id: one for one in promise_all(working.live[severity], working.timetable, at)}
    draft = {one.milestone.id: one for one in promise_all(working.policies[severity], working.timetable, at)}
    lines = []
    for name in dict.fromkeys((*live, *draft)):
        now, then = live.get(name), draft.get(name)
        known = now or then
        assert known is not None
        lines.append(
            Line(
                label=localized(known.milestone.label),
                live=now.due if now else None,
                draft=then.due if then else None,
                live_words=budget_words(now.milestone) if now else gettext("left out"),
                draft_words=budget_words(then.milestone) if then else gettext("left out"),
                moved=(now.due if now else None) != (then.due if then else None) or (now is None) != (then is None),
            )
        )
    return lines


routes = [
    show_rules,
    show_step,
    do_change_step,
    do_reset_step,
    do_discard,
    show_try,
]
