"""JSON lines in and out of commands: read strictly, answered one by one, written as UTF-8 whatever the terminal speaks."""

import io
import json
import sys
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

Answer = dict[str, Any]


class BadLine(ValueError):
    """A line that cannot be judged; the text says why."""


def read_line(line: str | bytes) -> Any:
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


def id_of(case: Any, line: str | bytes) -> Any:
    """The line's own name, also when the line was refused while it was read."""
    if case is None:
        try:
            case = json.loads(line)
        except (ValueError, RecursionError):
            return None
    found = case.get("id") if isinstance(case, dict) else None
    return found if is_json(found) else None


def is_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError):
        return False
    return True


def written(answer: dict[str, Any]) -> str:
    text = json.dumps(answer, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        text.encode()
    except (
        UnicodeEncodeError
    ):  # half of a surrogate pair, in an id or in an unknown key: only escaped can it be written
        return json.dumps(answer, allow_nan=False, separators=(",", ":"))
    return text


def answer_all(lines: Iterable[bytes], judge: Callable[[bytes], Answer]) -> bool:
    """Write an answer for every line that is not blank; return whether one of them was an error."""
    bad = False
    out = sys.stdout
    if isinstance(out, io.TextIOWrapper):  # the answers are UTF-8 whatever the terminal's language is
        out.reconfigure(encoding="utf-8", newline="\n")
    for line in lines:
        case = line.removeprefix(BOM_UTF8).strip()
        if not case:
            continue
        answer = judge(case)
        bad = bad or "error" in answer
        out.write(written(answer) + "\n")
    return bad
