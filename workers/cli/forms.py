"""`anxin forms check`: definitions and answers in as JSON lines, what the engine makes of them out."""

import sys
from codecs import BOM_UTF8
from typing import Any

import click
import msgspec

from core.clock import now
from core.forms.rules import BadDefinition, check_form, decode_form, evaluate
from core.forms.rules.definition import is_date


class BadLine(ValueError):
    """A line that cannot be judged; the text says why."""


def check_line(line: str | bytes) -> dict[str, Any]:
    """Judge one case; a bad one comes out as `{"id": .., "error": ".."}`."""
    case: Any = None
    try:
        case = msgspec.json.decode(line)
        return _judge(case)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, BadDefinition, BadLine) as error:
        return {"id": case.get("id") if isinstance(case, dict) else None, "error": str(error)}


def _judge(case: Any) -> dict[str, Any]:
    if not isinstance(case, dict):
        raise BadLine("a line is an object with id, form and answers")
    wire, answers = case.get("form"), case.get("answers")
    answers = {} if answers is None else answers
    if not isinstance(wire, dict):
        raise BadLine("form is missing or is no object")
    if not isinstance(answers, dict):
        raise BadLine("answers is no object")
    today = case.get("today") or now().date().isoformat()
    if not isinstance(today, str) or not is_date(today):
        raise BadLine("today is no date, YYYY-MM-DD")
    # Neither is judged here, so a spreadsheet's cases may leave them out.
    form = decode_form({"id": "form", "title": "", **wire})
    problems = check_form(form)
    if problems:
        raise BadLine("; ".join(f"{one.field or 'form'}: {one.reason}" for one in problems))
    result = evaluate(form, answers, today)
    return {
        "id": case.get("id"),
        "visible": result.visible,
        "errors": [(error.path, error.code) for error in result.errors],
        "data": result.data,
    }


@click.group(name="forms")
def command() -> None:
    """Form definitions and answers."""


@command.command()
@click.argument("file", type=click.File("rb"), default="-")
def check(file: Any) -> None:
    """Judge cases, one JSON object a line.

    In: {"id": "a", "form": {..}, "answers": {..}, "today": "2026-03-02"}.
    Out: {"id": "a", "visible": [..], "errors": [["path", "code"], ..], "data": {..}}.
    A bad line gives {"id": "a", "error": ".."} and exit status 1 at the end.
    """
    bad = False
    for line in file:
        case = line.removeprefix(BOM_UTF8).strip()
        if not case:
            continue
        answer = check_line(case)
        bad = bad or "error" in answer
        sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
    if bad:
        raise SystemExit(1)
