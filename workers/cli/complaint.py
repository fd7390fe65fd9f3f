"""`anxin complaint`: judges complaints without a database, for vendors who tune their matcher, and files e-mails."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import msgspec

from core.clock import now
from core.complaints.actions.mailing import Delivered, receive_mail
from core.complaints.rules.letters import MailRefused, read_mail
from core.errors import InvalidInput
from core.hooks.dispatch import Contribution, TenantPlugins
from core.hooks.host import PluginHost
from core.hooks.reading.teaching import teach
from core.hooks.records.complaints import Assessment, Category, ComplaintFacts, severity_rank
from core.hooks.records.text import localized
from core.hooks.specs.complaints import assess_complaint, complaint_categories
from core.scope import SYSTEM
from core.tenancy.queries import list_branches
from tenants.work import Workplace
from workers.cli.db import VAR
from workers.cli.jobs import run_over_all, tenant_of
from workers.embedded.faults import ServerDownError
from workers.json_lines import Answer, BadLine, answer_all, id_of, is_json, read_line

_NOBODY = UUID(int=0)
_DATA_ERROR, _TRY_AGAIN = 65, 75
"""What mail servers understand: EX_DATAERR bounces the letter, EX_TEMPFAIL keeps it and tries again."""
_OPTIONAL = frozenset(ComplaintFacts.__struct_fields__) - {"text", "received_at"}


class Judge:
    """Asks the plugin that a line names; every plugin that judges complaints is there under its id and its trades."""

    def __init__(self, host: PluginHost) -> None:
        self._verticals: dict[str, TenantPlugins] = {}
        self._labels: dict[str, str] = {}
        for epoch, plugin in enumerate(host.plugins()):
            alone = host.for_tenant(_NOBODY, epoch, {plugin.id: {}})
            if not alone.listeners(assess_complaint):
                continue
            self._labels.update(_paths(alone.declared(complaint_categories)))
            for name in (plugin.id, *plugin.verticals):
                self._verticals.setdefault(name, alone)

    async def judge(self, case: Any) -> Answer:
        """Return level, category, reasons and quotes of one complaint.

        Raises:
            BadLine: it cannot be judged; the text says which key and why.
        """
        if not isinstance(case, dict):
            raise BadLine("must be an object")
        plugins = self._plugins_of(case)
        if not isinstance(case.get("text"), str):
            raise BadLine("text: must be text")
        given = {key: case[key] for key in _OPTIONAL if case.get(key) is not None}
        try:
            facts = msgspec.convert({**given, "text": case["text"], "received_at": now()}, ComplaintFacts)
        except msgspec.ValidationError as error:
            raise BadLine(str(error)) from error
        decision = await plugins.decide(assess_complaint, now=now(), locale="zh_CN", actor=SYSTEM, complaint=facts)
        if decision.gaps:
            gap = decision.gaps[0]
            raise BadLine(f"{gap.plugin} could not judge it: {gap.code} {gap.error} {gap.where}".rstrip())
        found = [one.value for one in decision.answers]
        if not found:
            raise BadLine(f"vertical: {case['vertical']} has no opinion")
        return self._written(max(found, key=lambda one: severity_rank(one.severity)), facts)

    def _plugins_of(self, case: Mapping[str, Any]) -> TenantPlugins:
        vertical = case.get("vertical")
        known = self._verticals.get(vertical) if isinstance(vertical, str) else None
        if known is None:
            problem = "is missing" if vertical is None else f"{vertical!r} is unknown"
            raise BadLine(f"vertical: {problem}; there is {', '.join(self._verticals) or 'none'}")
        return known

    def _written(self, found: Assessment, facts: ComplaintFacts) -> Answer:
        category = facts.category or found.category
        return {
            "level": found.severity,
            "category": category,
            "category_label": self._labels.get(category) if category else None,
            "reasons": [
                {
                    "code": reason.code,
                    "level": reason.severity,
                    "text": localized(reason.text, "zh-CN"),
                    "source": reason.source,
                }
                for reason in found.reasons
            ],
            "quotes": [msgspec.to_builtins(quote) for quote in found.quotes],
        }


def _paths(categories: tuple[Contribution[Category], ...]) -> Iterator[tuple[str, str]]:
    """Yield every category with its way through the tree: 医疗相关/诊断误差."""
    paths: dict[str, str] = {}
    for contribution in categories:
        category = contribution.value
        label = localized(category.label, "zh-CN")
        paths[category.id] = f"{paths[category.parent]}/{label}" if category.parent else label
        yield category.id, paths[category.id]


def line_judge(judge: Judge, runner: asyncio.Runner) -> Callable[[bytes], Answer]:
    """Return what answers one line; a bad one comes out as `{"id": .., "error": ".."}`."""

    def answer(line: bytes) -> Answer:
        case: Any = None
        try:
            case = read_line(line)
            found = runner.run(judge.judge(case))
            return {"id": case.get("id") if is_json(case.get("id")) else None, **found}
        except BadLine as error:
            return {"id": id_of(case, line), "error": str(error)}
        except RecursionError:
            return {"id": id_of(case, line), "error": "nested too deeply: the recursion limit was reached"}

    return answer


@click.group(name="complaint")
def command() -> None:
    """Complaints: judge texts without a database, file e-mails."""


@command.command()
@click.argument("file", type=click.File("rb"), default="-")
def assess(file: Any) -> None:
    """Judge how grave complaints are and what they are about, one a line; nothing is stored.

    In: {"id": "a", "vertical": "pet_clinic", "text": "手术中宠物死亡"}, and if known desired, category, channel,
    species, estimate_fen, bill_fen, answers. The vertical is a plugin or a trade it serves.

    Out: {"id": "a", "level": "L3", "category": "petclinic.medical_outcome", "category_label": "医疗相关/治疗效果争议",
    "reasons": [{"code", "level", "text", "source"}], "quotes": [{"reason", "text", "start", "end", "source"}]}.

    A bad line gives {"id": "a", "error": ".."} and exit status 1 at the end; the others are still answered.
    """
    with asyncio.Runner() as runner:
        bad = answer_all(file, line_judge(Judge(PluginHost.load()), runner))
    if bad:
        raise SystemExit(1)


@command.command(name="teach")
@click.argument("files", type=click.File("r", encoding="utf-8"), nargs=-1, required=True)
def teach_opinion(files: tuple[Any, ...]) -> None:
    """Learn a second opinion from labelled complaints and write it to standard output, for a plugin to ship.

    In: tab-separated lines of level, category and text; `-` is no category. Out: what `Opinion.parse` reads: the
    labels, then a line for every pair of characters. The same lines give the same output.
    """
    examples = []
    for file in files:
        for number, line in enumerate(file, 1):
            try:
                level, category, text = line.rstrip("\n").split("\t", 2)
            except ValueError:
                problem = f"{file.name}:{number}: must be level, category and text, with tabs between"
                raise click.ClickException(problem) from None
            examples.append((text, (level, category)))
    click.echo(teach(examples), nl=False)


@command.command()
@VAR
@click.option("--tenant", metavar="SLUG", required=True, help="Whose complaint it is.")
@click.option("--branch", type=click.UUID, help="The branch that the mailbox belongs to.")
@click.argument("file", type=click.File("rb"), default="-")
def mail(var: Path, tenant: str, branch: UUID | None, file: Any) -> None:
    """File a letter by e-mail (RFC 5322), or add it to the case that it answers; for the pipe of a mail server.

    Exit 0: filed, added, known already, or written by no person (an answering machine, a bounce, a list).
    Exit 65: no letter can be read from it. Exit 75: try again later, the database is away.
    """
    try:
        letter = read_mail(file.read())
    except MailRefused as refused:
        click.echo(f"ignored: {refused.why}")
        if refused.why in {"empty", "no_sender", "too_large"}:
            raise SystemExit(_DATA_ERROR) from None
        return

    async def work(workplace: Workplace) -> Delivered:
        async with workplace.unit(await tenant_of(workplace, tenant)) as uow:
            if branch is not None and branch not in {one.branch_id for one in await list_branches(uow)}:
                raise click.ClickException(f"Tenant {tenant} has no such branch.")
            return await receive_mail(uow, letter=letter, branch_id=branch)

    try:
        delivered = run_over_all(var, work)
    except InvalidInput as error:
        click.echo(f"refused: {error}")
        raise SystemExit(_DATA_ERROR) from error
    except ServerDownError as error:
        click.echo(str(error), err=True)
        raise SystemExit(_TRY_AGAIN) from error
    click.echo(f"{delivered.became}: C-{delivered.number:04d}")
