"""`anxin forms check`: definitions and answers in as JSON lines, what the engine makes of them out."""

import io
import json
import sys
from codecs import BOM_UTF8
from typing import Any, NoReturn

import click

from core.clock import now
from core.forms.rules import BadDefinition, check_form, decode_form, evaluate
from core.forms.rules.definition import is_date


class BadLine(ValueError):
    """A line that cannot be judged; the text says why."""


def check_line(line: str | bytes) -> dict[str, Any]:
    """Judge one case; a bad one comes out as `{"id": .., "error": ".."}`."""
    case: Any = None
    try:
        case = _read(line)
        return _judge(case)
    except (BadLine, BadDefinition) as error:
        return {"id": _id_of(case, line), "error": str(error)}
    except RecursionError:
        return {"id": _id_of(case, line), "error": "nested too deeply: the recursion limit was reached"}
    except Exception as error:  # noqa: BLE001 - a fault of ours costs one line, never the thousand that come after it
        return {"id": _id_of(case, line), "error": f"could not be judged: {type(error).__name__}: {error}"}


def _read(line: str | bytes) -> Any:
    """Read strictly, as RFC 8259 and I-JSON have it: no NaN, and no key twice, for nobody knows which was meant."""
    try:
        text = line.decode("utf-8") if isinstance(line, bytes) else line
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse)
    except UnicodeDecodeError as error:
        raise BadLine("the line is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise BadLine(f"no JSON: {error}") from error
    except BadLine:
        raise
    except ValueError as error:  # a whole number with thousands of digits
        raise BadLine(f"no JSON: {error}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise BadLine(f"the key {twice!r} stands twice in one object")
    return found


def _refuse(name: str) -> NoReturn:
    raise BadLine(f"no JSON: {name} is no number")


def _id_of(case: Any, line: str | bytes) -> Any:
    """The line's own name, also when the line was refused while it was read."""
    if case is None:
        try:
            case = json.loads(line)
        except (ValueError, RecursionError):
            return None
    found = case.get("id") if isinstance(case, dict) else None
    return found if _is_json(found) else None


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError):
        return False
    return True


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
        "id": case.get("id") if _is_json(case.get("id")) else None,
        "visible": result.visible,
        "errors": [(error.path, error.code) for error in result.errors],
        "data": result.data,
    }


def _written(answer: dict[str, Any]) -> str:
    text = json.dumps(answer, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        text.encode()
    except (
        UnicodeEncodeError
    ):  # half of a surrogate pair, in an id or in an unknown key: only escaped can it be written
        return json.dumps(answer, allow_nan=False, separators=(",", ":"))
    return text


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
    out = sys.stdout
    if isinstance(out, io.TextIOWrapper):  # the answers are UTF-8 whatever the terminal's language is
        out.reconfigure(encoding="utf-8", newline="\n")
    for line in file:
        case = line.removeprefix(BOM_UTF8).strip()
        if not case:
            continue
        answer = check_line(case)
        bad = bad or "error" in answer
        out.write(_written(answer) + "\n")
    if bad:
        raise SystemExit(1)
