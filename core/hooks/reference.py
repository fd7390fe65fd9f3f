"""Writes the reference page of every hook from its specification: `python -m core.hooks.reference docs/hooks`."""

import inspect
import sys
import types
import typing
from pathlib import Path
from typing import Any, Literal

import msgspec

from core.hooks.kinds import Spec
from core.hooks.manifest import HOOK_API
from core.hooks.records.text import Text
from core.hooks.specs import SPECS

_FAULTS = {
    "not enabled": "the plugin is off for this tenant until it is fixed",
    "fallback": "core takes its own strictest answer and says so",
    "skip": "the others answer, and a gap is kept that can be recomputed",
    "refuse": "the user's action stops, and the message names the plugin",
    "defer": "the action is accepted, and a worker tries again",
    "retry": "the transaction rolls back, the event comes again; a dead letter after five tries",
}


def pages() -> dict[str, str]:
    """Return the text of every page by file name."""
    made = {f"{spec.name}.md": _page(spec) for spec in SPECS}
    return made | {"index.md": _index()}


def _index() -> str:
    rows = "\n".join(
        f"| [{spec.name}]({spec.name}.md) | {spec.kind} | {spec.merge} | {spec.on_fault} | {_budget(spec)} |"
        for spec in SPECS
    )
    return (
        f"# Hooks of API {HOOK_API}\n\nGenerated from `core/hooks/specs`; do not edit.\n\n"
        f"| hook | kind | merge over plugins | on a fault | budget |\n|---|---|---|---|---|\n{rows}\n"
    )


def _page(spec: Spec[Any]) -> str:
    hints = typing.get_type_hints(spec.function)
    parts = [
        f"# {spec.name}",
        f"```python\n@hookimpl\n{signature(spec)}\n```",
        inspect.cleandoc(spec.function.__doc__ or ""),
        _promise(spec),
    ]
    seen: list[type[msgspec.Struct]] = []
    for hint in hints.values():
        _collect(hint, seen)
    parts += [_record(record) for record in seen]
    return "\n\n".join(parts) + "\n"


def _promise(spec: Spec[Any]) -> str:
    rows = (
        ("kind", spec.kind),
        ("merge over plugins", spec.merge),
        ("on a fault", f"**{spec.on_fault}**: {_FAULTS[spec.on_fault]}"),
        ("budget", _budget(spec)),
    )
    return "| | |\n|---|---|\n" + "\n".join(f"| {name} | {value} |" for name, value in rows)


def signature(spec: Spec[Any]) -> str:
    """Return the line an implementation starts with; arguments may be left out."""
    hints = typing.get_type_hints(spec.function)
    arguments = ", ".join(f"{name}: {_name(hints[name])}" for name in spec.arguments)
    start = "async def" if spec.is_async else "def"
    return f"{start} {spec.name}({arguments}) -> {_name(hints['return'])}: ..."


def _budget(spec: Spec[Any]) -> str:
    return f"{spec.budget * 1000:.0f} ms" if spec.budget < 1 else f"{spec.budget:.0f} s"


def _collect(hint: Any, seen: list[type[msgspec.Struct]]) -> None:
    """Gather the records a type is made of, outermost first."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        if hint in seen or not hint.__module__.startswith("core.hooks.records"):
            return
        seen.append(hint)
        for field in typing.get_type_hints(hint).values():
            _collect(field, seen)
    for part in typing.get_args(hint):
        _collect(part, seen)


def _record(record: type[msgspec.Struct]) -> str:
    hints = typing.get_type_hints(record)
    rows = "\n".join(
        f"| {field.encode_name} | `{_in_table(_name(hints[field.name]))}` | {_default(field)} |"
        for field in msgspec.structs.fields(record)
    )
    doc = inspect.cleandoc(record.__doc__ or "").partition("\n")[0]
    intro = f"\n\n{doc}" if doc else ""
    table = f"\n\n| field | type | default |\n|---|---|---|\n{rows}" if rows else ""
    return f"## {record.__name__}{intro}{table}"


def _in_table(text: str) -> str:
    return text.replace("|", "\\|")


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    if field.default_factory is not msgspec.NODEFAULT:
        return f"`{field.default_factory()!r}`"
    return "-" if field.default is msgspec.UNSET else f"`{field.default!r}`"


def _name(hint: Any) -> str:
    """Return a type as one would write it, without module names."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint == Text or origin is None:
        short = {Text: "Text", ...: "...", type(None): "None"}
        return short.get(hint) or str(getattr(hint, "__name__", hint))
    if origin is Literal:
        return f"Literal[{', '.join(repr(value) for value in arguments)}]"
    if origin in {typing.Union, types.UnionType}:
        return " | ".join(_name(argument) for argument in arguments)
    inner = "" if arguments == (Any,) else f"[{', '.join(_name(argument) for argument in arguments)}]"
    return f"{origin.__name__}{inner}"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
