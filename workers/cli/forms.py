"""`anxin forms check`: definitions and answers in as JSON lines, what the engine makes of them out."""

from typing import Any

import click

from core.clock import now
from core.forms.rules import BadDefinition, check_form, decode_form, evaluate
from core.forms.rules.definition import is_date
from workers.json_lines import BadLine, answer_all, id_of, is_json, read_line


def check_line(line: str | bytes) -> dict[str, Any]:
    """Judge one case; a bad one comes out as `{"id": .., "error": ".."}`."""
    case: Any = None
    try:
        case = read_line(line)
        return _judge(case)
    except (BadLine, BadDefinition) as error:
        return {"id": id_of(case, line), "error": str(error)}
    except RecursionError:
        return {"id": id_of(case, line), "error": "nested too deeply: the recursion limit was reached"}
    except Exception as error:  # noqa: BLE001 - a fault of ours costs one line, never the thousand that come after it
        return {"id": id_of(case, line), "error": f"could not be judged: {type(error).__name__}: {error}"}


def _judge(case: Any) -> dict[str, Any]:
    if not isinstance(case, dict):
        raise BadLine("a line is an object with id, form and answers")
    wire, answers = case.get("form"), case.get("answers")
    answers = {} if answers is None else answers
    if not isinstance(wire, dict):
        raise BadLine("form is missing or is no object")
    if not isinstance(answers, dict):
        raise BadLine("answers is no object")
    # The day of the clock on this machine's wall, not that of UTC.
    today = case.get("today") or now().astimezone().date().isoformat()
    if not isinstance(today, str) or not is_date(today):
        raise BadLine("today is no date, YYYY-MM-DD")
    # Neither is judged here, so a spreadsheet's cases may leave them out.
    form = decode_form({"id": "form", "title": "", **wire})
    problems = check_form(form)
    if problems:
        raise BadLine("; ".join(f"{one.field or 'form'}: {one.reason}" for one in problems))
    result = evaluate(form, answers, today)
    return {
        "id": case.get("id") if is_json(case.get("id")) else None,
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
    if answer_all(file, check_line):
        raise SystemExit(1)
