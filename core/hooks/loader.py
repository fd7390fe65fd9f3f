"""Finds plugins by entry point, loads each alone: a broken one is named with file:line, the others live."""

import importlib
import inspect
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import msgspec
from pluggy import PluginManager

from core.errors import AnxinError
from core.hooks.context import DeclareContext
from core.hooks.kinds import PROJECT, Spec
from core.hooks.manifest import HOOK_API, Plugin, is_compatible, manifest_problems
from core.hooks.specs import SPECS
from core.hooks.surface import check_surface

GROUP = "anxin.plugins"

Checks = Mapping[str, Callable[[Any], None]]
"""By hook name: a deeper check of one contribution that raises ValueError, e.g. the rules of forms."""


class Candidate(msgspec.Struct, frozen=True):
    """Something that calls itself a plugin: `value` is `package:attribute`."""

    name: str
    value: str
    distribution: str = ""

    @property
    def package(self) -> str:
        return self.value.partition(":")[0]


class PluginStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the operator's page."""

    id: str
    state: Literal["loaded", "broken", "incompatible", "blocked"]
    reason: str = ""
    where: str = ""
    """file:line of the mistake."""
    distribution: str = ""
    plugin: Plugin | None = None


class PluginBroken(AnxinError):
    """Strict mode: the first plugin that does not load stops the start."""

    code = "plugin-broken"


class _Defect(Exception):
    def __init__(self, reason: str, where: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.where = where


class _Holder:
    """The object pluggy registers for a plugin: one attribute per implementation."""


class Loaded:
    """What a load found: the manager with every good plugin, their manifests, a status for each candidate."""

    def __init__(self) -> None:
        self.manager = PluginManager(PROJECT)
        namespace = ModuleType("anxin_hookspecs")
        vars(namespace).update({spec.name: spec.function for spec in SPECS})
        self.manager.add_hookspecs(namespace)
        self.plugins: dict[str, Plugin] = {}
        self.packages: dict[str, str] = {}
        self.statuses: list[PluginStatus] = []


def found_plugins() -> tuple[Candidate, ...]:
    """Return the installed candidates, sorted by name."""
    points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return tuple(
        Candidate(point.name, point.value, point.dist.name if point.dist is not None else "") for point in points
    )


def load_plugins(
    candidates: Iterable[Candidate],
    *,
    blocked: Mapping[str, str] | None = None,
    checks: Checks | None = None,
    strict: bool = False,
) -> Loaded:
    """Load every candidate; `blocked` maps a plugin id to the operator's reason.

    Raises:
        PluginBroken: in strict mode, for the first candidate that is broken or incompatible.
    """
    loaded = Loaded()
    for candidate in sorted(candidates, key=lambda c: c.name):
        status = _load_one(loaded, candidate, blocked or {}, checks or {})
        loaded.statuses.append(status)
        if strict and status.state in {"broken", "incompatible"}:
            raise PluginBroken(f"{status.id}: {status.reason} ({status.where})", plugin=status.id)
    return loaded


def _load_one(loaded: Loaded, candidate: Candidate, blocked: Mapping[str, str], checks: Checks) -> PluginStatus:
    plugin: Plugin | None = None

    def status(
        state: Literal["loaded", "broken", "incompatible", "blocked"], reason: str = "", where: str = ""
    ) -> PluginStatus:
        return PluginStatus(
            id=candidate.name,
            state=state,
            reason=reason,
            where=where,
            distribution=candidate.distribution,
            plugin=plugin,
        )

    try:
        plugin = _manifest(candidate, loaded)
        if not is_compatible(plugin):
            return status("incompatible", f"needs hook API {plugin.hook_api}, this is {HOOK_API}")
        if plugin.id in blocked:
            return status("blocked", blocked[plugin.id])
        holder = _implementations(candidate, plugin)
        try:
            _register(loaded.manager, plugin, holder)
            _dry_run(loaded.manager, plugin, holder, checks)
        except BaseException:
            if loaded.manager.has_plugin(plugin.id):
                loaded.manager.unregister(name=plugin.id)
            raise
    except _Defect as defect:
        return status("broken", defect.reason, defect.where)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a vendor's code may raise anything; it becomes a status
        return status("broken", f"{type(error).__name__}: {error}", where_of(error, candidate.package))
    loaded.plugins[plugin.id] = plugin
    loaded.packages[plugin.id] = candidate.package
    return status("loaded")


def _manifest(candidate: Candidate, loaded: Loaded) -> Plugin:
    module = importlib.import_module(candidate.package)
    attribute = candidate.value.partition(":")[2] or "plugin"
    plugin = getattr(module, attribute, None)
    where = _short(module.__file__)
    if not isinstance(plugin, Plugin):
        raise _Defect(f"{candidate.value} is no plugins.api.Plugin", where)
    if problems := manifest_problems(plugin):
        raise _Defect("; ".join(problems), where)
    if plugin.id != candidate.name:
        raise _Defect(f"the manifest says {plugin.id!r}, the entry point {candidate.name!r}", where)
    if plugin.id in loaded.plugins:
        raise _Defect("another distribution brings a plugin of this name", where)
    return plugin


def _implementations(candidate: Candidate, plugin: Plugin) -> _Holder:
    holder = _Holder()
    owners: dict[str, str] = {}
    for name in plugin.modules:
        module = importlib.import_module(f"{candidate.package}.{name}")
        for function, options in _marked(module):
            hook = options["specname"] or function.__name__
            if hook in owners:
                raise _Defect(f"{hook} is implemented twice, also in {owners[hook]}", _line(function))
            owners[hook] = module.__name__
            setattr(holder, hook, function)
    return holder


def _marked(module: ModuleType) -> list[tuple[Callable[..., Any], Mapping[str, Any]]]:
    """Return the module's own functions that carry the mark, in source order."""
    return [
        (value, options)
        for value in vars(module).values()
        if inspect.isroutine(value)
        and (options := getattr(value, f"{PROJECT}_impl", None)) is not None
        and value.__module__ == module.__name__
    ]


def _register(manager: PluginManager, plugin: Plugin, holder: _Holder) -> None:
    for hook, function in vars(holder).items():
        _check_kind(hook, function)
    manager.register(holder, name=plugin.id)
    manager.check_pending()


def _check_kind(hook: str, function: Callable[..., Any]) -> None:
    spec = next((spec for spec in SPECS if spec.name == hook), None)
    options = getattr(function, f"{PROJECT}_impl")
    where = _line(function)
    if spec is None:
        if options["optionalhook"]:
            return
        raise _Defect(f"there is no hook {hook!r} in hook API {HOOK_API}", where)
    if options["wrapper"] or options["hookwrapper"]:
        raise _Defect(f"{hook} is a wrapper; hooks here only return data", where)
    if options["tryfirst"] or options["trylast"]:
        raise _Defect(f"{hook} asks for a place in the order; the order is the tenant's", where)
    if inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function):
        raise _Defect(f"{hook} is a generator; it returns its answer", where)
    if inspect.iscoroutinefunction(function) != spec.is_async:
        wanted = "async def" if spec.is_async else "def"
        raise _Defect(f"{hook} is a {spec.kind} hook and must be written with {wanted!r}", where)
    unknown = [name for name in inspect.signature(function).parameters if name not in spec.arguments]
    if unknown:
        raise _Defect(f"{hook} has no argument {', '.join(unknown)}; it has {', '.join(spec.arguments)}", where)


def _dry_run(manager: PluginManager, plugin: Plugin, holder: _Holder, checks: Checks) -> None:
    """Call each declare hook with the default settings and check every record."""
    settings = plugin.settings()
    records: dict[str, tuple[Any, ...]] = {}
    for spec in SPECS:
        if spec.kind != "declare":
            continue
        for impl in getattr(manager.hook, spec.name).get_hookimpls():
            if impl.plugin_name != plugin.id:
                continue
            try:
                declared = call_declare(spec, plugin.id, impl.function, impl.argnames, settings)
                records[spec.name] = declared
                for record in declared:
                    if deeper := checks.get(spec.name):
                        deeper(record)
            except (TypeError, ValueError) as error:
                raise _Defect(f"{spec.name}: {error}", where_in(error, impl.function)) from error
    try:
        check_surface(records, vars(holder))
    except ValueError as error:
        raise _Defect(str(error)) from error


def call_declare(
    spec: Spec[Any], plugin: str, function: Callable[..., Any], arguments: Iterable[str], settings: object
) -> tuple[Any, ...]:
    """Call one declare hook and return its contributions, checked and prefixed.

    Raises:
        TypeError, ValueError: wrong types, ids twice, or records that do not fit together.
        Exception: whatever the plugin's own code raises.
    """
    offered = {"ctx": DeclareContext(plugin=plugin, settings=settings)}
    declared = spec.accept(plugin, function(*(offered[name] for name in arguments)))
    keys = [getattr(record, spec.key) for record in declared]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ValueError(f"{spec.key} {', '.join(twice)} more than once")
    if spec.check is not None:
        spec.check(declared)
    return declared


def where_of(error: BaseException, package: str) -> str:
    """Return file:line of the deepest frame in the plugin's own code, else of the deepest frame."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_short(error.filename)}:{error.lineno}"
    own = last = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename.startswith("<frozen"):
            continue
        last = f"{_short(frame.f_code.co_filename)}:{line}"
        module = str(frame.f_globals.get("__name__", ""))
        if module == package or module.startswith(f"{package}."):
            own = last
    return own or last


def where_in(error: BaseException, function: Callable[..., Any]) -> str:
    """Return file:line inside the function's module where it failed; its first line when its answer was refused."""
    frames = traceback.walk_tb(error.__traceback__)
    own = [line for frame, line in frames if frame.f_globals.get("__name__") == function.__module__]
    return f"{_short(function.__code__.co_filename)}:{own[-1]}" if own else _line(function)


def _line(function: Callable[..., Any]) -> str:
    code = function.__code__
    return f"{_short(code.co_filename)}:{code.co_firstlineno}"


def _short(file: str | None) -> str:
    """Return the path below the folder it was imported from: readable, and no machine path in a page."""
    if file is None:
        return ""
    path = Path(file)
    roots = [Path(entry) for entry in sys.path if entry and path.is_relative_to(entry)]
    return str(path.relative_to(max(roots, key=lambda root: len(root.parts)))) if roots else path.name
