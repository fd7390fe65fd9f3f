"""Trials of complaint policies: the drafts replayed through the past, with progress, before and after, and the cases that move."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.policies.queries import get_policies, get_timetable, list_drafts
from core.policy_trials.actions import start_trial, stop_trial
from core.policy_trials.drafts import get_candidate
from core.policy_trials.queries import MoveCursor, Trial, get_trial, list_moves, list_trials
from core.uow import Reader, UnitOfWork
from web.htmx import redirect_headers, wants_partial
from web.i18n import gettext, ngettext
from web.page import Toast
from web.policy_desk import names_of
from web.request import WebRequest
from web.screens import go_to, show, tenant_path
from web.security import requires
from web.views.policy_trials import chart_of, lines_of, moves_of, promise_name, rule_words, tiles_of

PATH: Final = "/t/{slug:str}/policy-trials"
ONE: Final = f"{PATH}/{{trial_id:uuid}}"
MANAGE: Final = [requires("complaints.manage")]
PAGE: Final = 25


@get(PATH, guards=MANAGE)
async def show_trials(request: WebRequest, reader: NamedDependency[Reader]) -> Response[Any]:
    """What the drafts would change, a button to try it, and earlier trials."""
    policies = await get_policies(reader)
    candidate = await get_candidate(reader)
    timetable = await get_timetable(reader, set(candidate.calendars))
    names = names_of(timetable)
    changes = [(promise_name(policies, key), rule_words(change)) for key, change in sorted(candidate.changes.items())]
    return await show(
        request,
        "pages/policy_trials/list.html",
        root=tenant_path(request, "/policy-trials"),
        tenant=tenant_path(request),
        changes=changes,
        added=[promise_name(policies, key) for key in candidate.added],
        calendars=sorted(names.get(one, one) for one in candidate.calendars),
        drafts=len(await list_drafts(reader)),
        trials=await list_trials(reader),
    )


@post(PATH, guards=MANAGE)
async def do_try(request: WebRequest, uow: NamedDependency[UnitOfWork]) -> Response[Any]:
    """Replay the past through the drafts; without drafts through the rules in force, which gives the past back."""
    candidate = await get_candidate(uow)
    count = len(candidate.changes)
    label = ngettext("%(num)s promise changed", "%(num)s promises changed", count) % {"num": count}
    if not count:
        label = gettext("The rules in force")
    trial_id = await start_trial(uow, candidate=candidate, label=label)
    return go_to(
        request, tenant_path(request, f"/policy-trials/{trial_id}"), toast=Toast(text=gettext("The trial has begun"))
    )


async def _frame(request: WebRequest, reader: Reader, trial: Trial) -> dict[str, Any]:
    policies = await get_policies(reader)
    root = tenant_path(request, "/policy-trials")
    here = f"{root}/{trial.record.trial_id}"
    return {
        "record": trial.record,
        "tiles": tiles_of(trial),
        "lines": lines_of(trial, policies),
        "chart": chart_of(trial, policies),
        "clocks": trial.sums.clocks,
        "added": [promise_name(policies, key) for key in trial.candidate.added],
        "root": root,
        "here": here,
        "progress_url": f"{here}/progress",
        "tenant": tenant_path(request),
    }


async def _moves(request: WebRequest, reader: Reader, trial: Trial, which: str, after: str) -> dict[str, Any]:
    is_lost = {"broken": True, "kept": False}.get(which)
    found = await list_moves(reader, trial_id=trial.record.trial_id, is_lost=is_lost, after=_cursor(after), limit=PAGE)
    here = tenant_path(request, f"/policy-trials/{trial.record.trial_id}")
    more = None
    if len(found) == PAGE:
        last = found[-1]
        more = f"{here}?which={which}&after={last.complaint_id}.{last.cycle}.{last.milestone}"
    return {"moves": moves_of(found, await get_policies(reader)), "more": more, "which": which}


def _cursor(text: str) -> MoveCursor | None:
    """Read where the page begins; what is no cursor begins at the first."""
    complaint_id, _, rest = text.partition(".")
    cycle, _, milestone = rest.partition(".")
    try:
        return MoveCursor(UUID(complaint_id), milestone, int(cycle)) if text else None
    except ValueError:
        return None


@get(ONE, guards=MANAGE)
async def show_trial(
    request: WebRequest,
    reader: NamedDependency[Reader],
    trial_id: FromPath[UUID],
    which: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Response[Any]:
    trial = await get_trial(reader, trial_id=trial_id)
    moves = await _moves(request, reader, trial, which, after)
    return await show(
        request,
        "pages/policy_trials/trial.html",
        partial="pages/policy_trials/_moves_more.html" if after else "pages/policy_trials/_moves.html",
        **await _frame(request, reader, trial),
        **moves,
    )


@get(f"{ONE}/progress", guards=MANAGE)
async def show_trial_progress(
    request: WebRequest, reader: NamedDependency[Reader], trial_id: FromPath[UUID]
) -> Response[Any]:
    """What the bar asks each second; without script, the whole page."""
    trial = await get_trial(reader, trial_id=trial_id)
    frame = await _frame(request, reader, trial)
    if not wants_partial(request.headers):
        moves = await _moves(request, reader, trial, "", "")
        return await show(request, "pages/policy_trials/trial.html", **frame, **moves)
    if trial.record.state != "running":
        return Response(None, status_code=204, headers=redirect_headers(frame["here"]))
    return await show(request, "pages/policy_trials/_progress.html", **frame)


@post(f"{ONE}/stop", guards=MANAGE)
async def do_stop(request: WebRequest, uow: NamedDependency[UnitOfWork], trial_id: FromPath[UUID]) -> Response[Any]:
    """End the replay where it is; what was found so far stays."""
    words = (
        gettext("The trial is stopped") if await stop_trial(uow, trial_id=trial_id) else gettext("The trial is over")
    )
    return go_to(request, tenant_path(request, f"/policy-trials/{trial_id}"), toast=Toast(text=words))


routes = [show_trials, do_try, show_trial, show_trial_progress, do_stop]
