"""`python -m web.error_pages` writes docs/errors.md: a section for each code, made of the errors and their words."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import core
import tenants
import web
from core.errors import AnxinError
from web.problem_texts import BY_STATUS, TEXTS

PAGE: Final = Path(__file__).parent.parent / "docs" / "errors.md"
_HEAD: Final = """# Errors

Made by `python -m web.error_pages`; a test holds it to the code. Every refusal carries a code that stays the same in every language.
Programs get it as the problem type `urn:anxin:problem:<code>` (RFC 9457), together with a title, the next step and a reference;
people get the same words as a page. The reference stands in the log beside what went wrong.
"""


def _import_all() -> None:
    for package in (core, tenants, web):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            # Migrations run through Alembic only.
            if ".migrations" not in module.name:
                importlib.import_module(module.name)


def _below(error: type[AnxinError]) -> Iterator[type[AnxinError]]:
    for kind in error.__subclasses__():
        yield kind
        yield from _below(kind)


def errors_by_code() -> dict[str, list[type[AnxinError]]]:
    """Return every error of the product by its code."""
    _import_all()
    found: dict[str, list[type[AnxinError]]] = {AnxinError.code: [AnxinError]}
    for kind in _below(AnxinError):
        if kind.__module__.partition(".")[0] in {"core", "tenants", "web"}:
            for code in (kind.code, *kind.bears):
                found.setdefault(code, []).append(kind)
    return found


def _section(code: str, kinds: list[type[AnxinError]]) -> str:
    text = TEXTS[code]
    statuses = {kind.status for kind in kinds} or {status for status, name in BY_STATUS.items() if name == code}
    status = ", ".join(str(one) for one in sorted(statuses))
    lines = [f"## {code}", "", f"Status {status}. **{text.title}.** {text.next_step}"]
    for kind in sorted(kinds, key=lambda kind: kind.__name__):
        meaning = (kind.__doc__ or "").strip().partition("\n")[0]
        if meaning and kind is not AnxinError:
            lines += ["", f"{meaning} (`{kind.__module__}.{kind.__name__}`)"]
    return "\n".join(lines)


def errors_page() -> str:
    """Return the text of docs/errors.md."""
    known = errors_by_code()
    return "\n\n".join([_HEAD.rstrip(), *(_section(code, known.get(code, [])) for code in sorted(TEXTS))]) + "\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(errors_page())


if __name__ == "__main__":
    main()
