"""Does what is posted on the clinic's pages; whatever is wrong is said on the page it came from, and nothing is kept."""

from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from plugins.aesthetics.consults import add_consult, answer, close, lock_consult, mark_custom
from plugins.aesthetics.forms.aftercare import SIGN_CODES
from plugins.aesthetics.journey import read_map, reset_map, save_map, touch
from plugins.aesthetics.plans import (
    add_case,
    add_plan,
    decide_plan,
    drop_case,
    keep_consent,
    lock_plan,
    send_plan,
    why_not_sent,
    withdraw_consent,
)
from plugins.aesthetics.procedures import add_procedure, follow_up, lock_procedure, tick_step
from plugins.aesthetics.settings import Settings
from plugins.aesthetics.showing import (
    consult_page,
    map_page,
    new_consult_page,
    new_procedure_page,
    photos_page,
    plan_page,
    procedure_page,
    read_id,
    read_time,
)
from plugins.aesthetics.standard import SOP_CODES, TOUCH_CODES
from plugins.api import FormProblem, Outcome, Page, PageRequest, ReactContext, RecordEvent, Text, both, hookimpl

Context = ReactContext[Settings]
SHORT, LONG = 60, 2000
MOST_FEN: Final = 10_000_000_00
REQUIRED = both("必填", "Required")
NO_CUSTOMER = both("请从客户页面打开本页", "Open this page from the customer's page")


@hookimpl
async def act_on_page(ctx: Context, request: PageRequest) -> Outcome | None:
    """Do it; None where nothing is."""
    return await _ACTS[request.route](ctx, request)


def read_fen(written: str) -> int | None:
    """Return yuan as fen, exactly; None for what is no sum."""
    try:
        fen = Decimal(written.strip()) * 100
    except InvalidOperation:
        return None
    return int(fen) if fen.is_finite() and fen == fen.to_integral_value() and 0 <= fen <= MOST_FEN else None


def _problem(field: str, code: str, text: Text) -> FormProblem:
    return FormProblem(field=field, code=code, text=text)


def _again(page: Page | None, *problems: FormProblem) -> Outcome | None:
    return None if page is None else Outcome(problems=problems, again=page)


def _text(request: PageRequest, name: str, most: int, problems: list[FormProblem], *, required: bool = True) -> str:
    value = request.field(name).replace("\x00", "")
    if not value and required:
        problems.append(_problem(name, "required", REQUIRED))
    elif len(value) > most:
        problems.append(_problem(name, "max_length", both(f"最多 {most} 个字", f"At most {most} characters")))
    return value


def _ticked(request: PageRequest, name: str) -> bool:
    return request.field(name) == "true"


async def _add_consult(ctx: Context, request: PageRequest) -> Outcome | None:
    problems: list[FormProblem] = []
    project, wish = _text(request, "project", SHORT, problems), _text(request, "wish", LONG, problems)
    customer, written = read_id(request.field("customer")), request.field("asked")
    asked = read_time(written) if written else ctx.now
    if customer is None:
        problems.append(_problem("customer", "required", NO_CUSTOMER))
    if asked is None or asked > ctx.now:
        problems.append(_problem("asked", "date", both("时间不对，或在将来", "No time, or in the future")))
    if problems or customer is None or asked is None:
        return _again(new_consult_page(request.field("customer"), written), *problems)
    consult_id, effects = await add_consult(
        ctx, customer_id=customer, project=project, wish=wish, vip=_ticked(request, "vip"), asked_at=asked
    )
    minutes = ctx.settings.response_minutes
    toast = both(f"已登记，请在 {minutes} 分钟内响应", f"Entered: answer within {minutes} minutes")
    return Outcome(go_to=f"consults/{consult_id}", toast=toast, effects=effects)


async def _consult_of(ctx: Context, request: PageRequest) -> Any:
    consult_id = read_id(request.path["consult"])
    return await lock_consult(ctx, consult_id) if consult_id is not None else None


async def _answer(ctx: Context, request: PageRequest) -> Outcome | None:
    consult = await _consult_of(ctx, request)
    if consult is None:
        return None
    effects = await answer(ctx, consult)
    return Outcome(go_to=f"consults/{consult.consult_id}", toast=both("已记录响应", "Answer noted"), effects=effects)


async def _lose(ctx: Context, request: PageRequest) -> Outcome | None:
    consult = await _consult_of(ctx, request)
    if consult is None:
        return None
    if consult.state != "open":
        page = await consult_page(ctx.session, ctx, consult.consult_id)
        return _again(page, _problem("state", "closed", both("咨询已结束", "The consult has ended")))
    effects = await close(ctx, consult, agreed=False)
    return Outcome(go_to=f"consults/{consult.consult_id}", toast=both("已记录流失", "Noted as lost"), effects=effects)


async def _custom(ctx: Context, request: PageRequest) -> Outcome | None:
    consult = await _consult_of(ctx, request)
    if consult is None:
        return None
    problems: list[FormProblem] = []
    words = "" if _ticked(request, "none") else _text(request, "custom_words", SHORT * 4, problems)
    if problems:
        return _again(await consult_page(ctx.session, ctx, consult.consult_id), *problems)
    over, effects = await mark_custom(ctx, consult, words=words)
    limit = ctx.settings.custom_percent
    toast = both("已保存", "Saved")
    if over:
        toast = both(
            f"已保存。本月定制化服务已超过 {limit}%，已提醒主管",
            f"Saved. Over {limit}% this month: the supervisor is told",
        )
    return Outcome(go_to=f"consults/{consult.consult_id}", toast=toast, effects=effects)


async def _touch(ctx: Context, request: PageRequest) -> Outcome | None:
    consult, code = await _consult_of(ctx, request), request.field("code")
    if consult is None or code not in TOUCH_CODES:
        return None
    await touch(ctx, consult.consult_id, code)
    return Outcome(go_to=f"consults/{consult.consult_id}", toast=both("已记录", "Noted"))


async def _add_plan(ctx: Context, request: PageRequest) -> Outcome | None:
    consult = await _consult_of(ctx, request)
    if consult is None:
        return None
    problems: list[FormProblem] = []
    title, body = _text(request, "title", SHORT, problems), _text(request, "body", LONG, problems)
    fen = read_fen(request.field("yuan"))
    if fen is None:
        problems.append(_problem("yuan", "type", both("金额，最多两位小数", "A sum with at most two decimals")))
    if problems or fen is None:
        return _again(await consult_page(ctx.session, ctx, consult.consult_id), *problems)
    plan_id = await add_plan(ctx, consult.consult_id, title=title, body=body, fen=fen)
    return Outcome(go_to=f"plans/{plan_id}", toast=both("已保存草稿", "Saved as a draft"))


async def _on_plan(ctx: Context, request: PageRequest) -> Any:
    """Lock the plan that the address names, with its consult."""
    plan_id = read_id(request.path["plan"])
    plan = await lock_plan(ctx, plan_id) if plan_id is not None else None
    consult = await lock_consult(ctx, plan.consult_id) if plan is not None else None
    return None if consult is None else (plan, consult)


async def _refuse(ctx: Context, plan: Any, field: str, code: str, text: Text) -> Outcome | None:
    return _again(await plan_page(ctx.session, ctx, plan.plan_id), _problem(field, code, text))


async def _add_case(ctx: Context, request: PageRequest) -> Outcome | None:
    found = await _on_plan(ctx, request)
    if found is None:
        return None
    plan, _ = found
    problems: list[FormProblem] = []
    kind, words = _text(request, "kind", SHORT, problems), _text(request, "words", LONG, problems)
    picture = _text(request, "picture", SHORT, problems, required=False)
    if plan.state != "draft":
        problems.append(_problem("kind", "sent", both("方案已发送，不能再改", "The plan is sent and stays as it is")))
    if problems:
        return _again(await plan_page(ctx.session, ctx, plan.plan_id), *problems)
    why = await add_case(
        ctx, plan.plan_id, kind=kind, words=words, picture=picture, owner=read_id(request.field("owner"))
    )
    if why is not None:
        return await _refuse(ctx, plan, "picture" if picture else "kind", "case", why)
    return Outcome(go_to=f"plans/{plan.plan_id}", toast=both("已添加", "Added"))


async def _drop_case(ctx: Context, request: PageRequest) -> Outcome | None:
    found = await _on_plan(ctx, request)
    case = read_id(request.field("case"))
    if found is None or case is None:
        return None
    plan, _ = found
    if plan.state != "draft" or not await drop_case(ctx, plan.plan_id, case):
        return await _refuse(
            ctx, plan, "case", "sent", both("方案已发送，或案例已删除", "The plan is sent, or the case is gone")
        )
    return Outcome(go_to=f"plans/{plan.plan_id}", toast=both("已删除", "Removed"))


async def _send_plan(ctx: Context, request: PageRequest) -> Outcome | None:
    found = await _on_plan(ctx, request)
    if found is None:
        return None
    plan, consult = found
    why = await why_not_sent(ctx, plan, risks_told=_ticked(request, "risks_told"))
    if why is not None:
        return await _refuse(ctx, plan, "risks_told", "not_sent", why)
    effects = await send_plan(ctx, plan, consult)
    return Outcome(go_to=f"plans/{plan.plan_id}", toast=both("方案已发送", "The plan is sent"), effects=effects)


async def _decide_plan(ctx: Context, request: PageRequest) -> Outcome | None:
    found = await _on_plan(ctx, request)
    if found is None:
        return None
    plan, consult = found
    if plan.state != "sent" or consult.state != "open":
        return await _refuse(
            ctx, plan, "agreed", "state", both("方案未发送，或已有决定", "Not sent yet, or decided already")
        )
    effects = await decide_plan(ctx, plan, consult, agreed=_ticked(request, "agreed"))
    return Outcome(go_to=f"plans/{plan.plan_id}", toast=both("已记录客户决定", "Decision noted"), effects=effects)


async def _keep_consent(ctx: Context, request: PageRequest) -> Outcome | None:
    customer = read_id(request.path["customer"])
    if customer is None:
        return None
    problems: list[FormProblem] = []
    paper = _text(request, "paper", SHORT, problems)
    if not _ticked(request, "signed"):
        text = both("请确认客户本人或监护人已签字", "Confirm that the customer or the guardian has signed")
        problems.append(_problem("signed", "required", text))
    if problems:
        return _again(await photos_page(ctx.session, ctx, customer), *problems)
    comparison = _ticked(request, "comparison")
    await keep_consent(ctx, customer, comparison=comparison, paper=paper)
    text = both("登记照片使用同意（不得公开）", "Consent to pictures entered (never public)")
    # Core refuses a customer of another tenant, and with it the consent.
    event = RecordEvent(customer_id=customer, kind="photo_consent", text=text, data={"comparison": comparison})
    return Outcome(go_to=f"photos/{customer}", toast=both("已登记", "Entered"), effects=(event,))


async def _withdraw_consent(ctx: Context, request: PageRequest) -> Outcome | None:
    customer = read_id(request.path["customer"])
    if customer is None or not await withdraw_consent(ctx, customer):
        return None
    text = both("撤回照片使用同意，照片已停止使用", "Consent to pictures withdrawn; their use has ended")
    event = RecordEvent(customer_id=customer, kind="photo_withdrawn", text=text)
    return Outcome(go_to=f"photos/{customer}", toast=text, effects=(event,))


async def _add_procedure(ctx: Context, request: PageRequest) -> Outcome | None:
    problems: list[FormProblem] = []
    name, customer = _text(request, "name", SHORT, problems), read_id(request.field("customer"))
    written, minor = request.field("ended_at"), _ticked(request, "minor")
    ended = read_time(written) if written else ctx.now
    consult_id = read_id(request.field("consult"))
    consult = await lock_consult(ctx, consult_id) if consult_id is not None else None
    if customer is None or (consult is not None and consult.customer_id != customer):
        problems.append(_problem("customer", "required", NO_CUSTOMER))
    if ended is None or ended > ctx.now:
        problems.append(_problem("ended_at", "date", both("时间不对，或在将来", "No time, or in the future")))
    # 医疗美容服务管理办法 第二十条: no treatment without the guardian's consent for those without capacity
    if minor and not _ticked(request, "guardian_signed"):
        text = both(
            "未成年人须监护人书面同意：请先让监护人签署知情同意书", "Under age: let the guardian sign the consent first"
        )
        problems.append(_problem("guardian_signed", "guardian", text))
    if problems or customer is None or ended is None:
        return _again(new_procedure_page(request.field("customer"), request.field("consult")), *problems)
    procedure_id, effects = await add_procedure(
        ctx,
        customer_id=customer,
        consult_id=None if consult is None else consult.consult_id,
        name=name,
        ended_at=ended,
        risks_told=_ticked(request, "risks_told"),
        consent_signed=_ticked(request, "consent_signed"),
        minor=minor,
    )
    hours = ctx.settings.followup_hours
    toast = both(f"已登记，{hours} 小时内必须回访", f"Entered: follow up within {hours} hours")
    return Outcome(go_to=f"procedures/{procedure_id}", toast=toast, effects=effects)


async def _procedure_of(ctx: Context, request: PageRequest) -> Any:
    procedure_id = read_id(request.path["procedure"])
    return await lock_procedure(ctx, procedure_id) if procedure_id is not None else None


async def _follow_up(ctx: Context, request: PageRequest) -> Outcome | None:
    procedure = await _procedure_of(ctx, request)
    if procedure is None:
        return None
    problems: list[FormProblem] = []
    note = _text(request, "note", LONG, problems)
    signs = tuple(dict.fromkeys(request.fields.get("signs", [])))
    if procedure.followed_at is not None:
        problems.append(_problem("note", "done", both("已经回访过", "Followed up before")))
    if not set(signs) <= SIGN_CODES:
        problems.append(_problem("signs", "option", both("请从列表中选择", "Choose from the list")))
    if problems:
        return _again(await procedure_page(ctx.session, ctx, procedure.procedure_id), *problems)
    effects = await follow_up(ctx, procedure, signs=signs, note=note)
    toast = (
        both("疑似并发症：请按清单处理", "Perhaps a complication: work through the list")
        if signs
        else both("已记录回访", "Noted")
    )
    return Outcome(go_to=f"procedures/{procedure.procedure_id}", toast=toast, effects=effects)


async def _tick_step(ctx: Context, request: PageRequest) -> Outcome | None:
    procedure, step = await _procedure_of(ctx, request), request.field("step")
    if procedure is None or procedure.outcome != "complication" or step not in SOP_CODES:
        return None
    effects = await tick_step(ctx, procedure, step)
    return Outcome(go_to=f"procedures/{procedure.procedure_id}", toast=both("已完成一步", "Step done"), effects=effects)


async def _save_map(ctx: Context, request: PageRequest) -> Outcome | None:
    codes, stages, names = (request.fields.get(name, []) for name in ("code", "stage", "name"))
    same = len(codes) == len(stages) == len(names)
    points = read_map(list(zip(codes, stages, names, strict=True)) if same else [])
    if not isinstance(points, tuple):
        return _again(await map_page(ctx.session, ctx), _problem("name", "map", points))
    await save_map(ctx, points)
    return Outcome(go_to="journey/map", toast=both("触点地图已保存", "The map is saved"))


async def _reset_map(ctx: Context, request: PageRequest) -> Outcome:
    del request
    await reset_map(ctx)
    return Outcome(go_to="journey/map", toast=both("已恢复默认地图", "Back to the shipped map"))


_ACTS: dict[str, Callable[[Context, PageRequest], Awaitable[Outcome | None]]] = {
    "add_consult": _add_consult,
    "answer": _answer,
    "lose": _lose,
    "custom": _custom,
    "touch": _touch,
    "add_plan": _add_plan,
    "add_case": _add_case,
    "drop_case": _drop_case,
    "send_plan": _send_plan,
    "decide_plan": _decide_plan,
    "keep_consent": _keep_consent,
    "withdraw_consent": _withdraw_consent,
    "add_procedure": _add_procedure,
    "follow_up": _follow_up,
    "tick_step": _tick_step,
    "save_map": _save_map,
    "reset_map": _reset_map,
}
