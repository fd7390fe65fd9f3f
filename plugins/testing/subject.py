"""The plugin under test, loaded alone: what it declares, its own source files, and its hooks asked with samples."""

import ast
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from core.forms.rules import refuse_bad_form, refuse_bad_patch
from core.hooks.dispatch import TenantPlugins
from core.hooks.host import PluginHost
from core.hooks.loader import Candidate, Checks
from core.hooks.manifest import Plugin
from core.hooks.specs import SPECS

A, B = UUID(int=1), UUID(int=2)


def load(candidate: Candidate, **more: Any) -> PluginHost:
    """Load one candidate as the product does, with the rules of forms."""
    checks: Checks = {"intake_forms": refuse_bad_form, "intake_extensions": refuse_bad_patch}
    return PluginHost.load([candidate], checks=checks, **more)


class Subject:
    """One candidate that has loaded."""

    def __init__(self, candidate: Candidate, host: PluginHost, plugin: Plugin) -> None:
        self.candidate = candidate
        self.host = host
        self.plugin = plugin
        self.on = host.for_tenant(A, 1, {plugin.id: {}})

    @property
    def folder(self) -> Path:
        """The package's folder."""
        return Path(str(sys.modules[self.candidate.package].__file__)).parent

    def declared(self) -> dict[str, tuple[Any, ...]]:
        """What the plugin declares with its default settings, by hook."""
        return declared(self.on)

    def records(self, hook: str) -> tuple[Any, ...]:
        """The contributions to one hook."""
        return tuple(one.value for one in self.declared()[hook])

    def implements(self, hook: str) -> bool:
        """Tell whether the plugin has this hook."""
        return any(self.on.listeners(spec) for spec in SPECS if spec.name == hook)

    def fresh(self) -> TenantPlugins:
        """The plugin of a tenant whose breakers have seen nothing."""
        return self.alone().for_tenant(A, 1, {self.plugin.id: {}})

    def alone(self) -> PluginHost:
        """Load the same candidate in a host of its own."""
        return load(self.candidate)


def declared(plugins: TenantPlugins) -> dict[str, tuple[Any, ...]]:
    """Return what a tenant's plugins declare, by hook."""
    return {spec.name: plugins.declared(spec) for spec in SPECS if spec.kind == "declare"}


def parsed(candidate: Candidate) -> Iterator[tuple[str, ast.Module]]:
    """Yield each source file of the package below its parent folder's name, without importing any of it."""
    try:
        found = importlib.util.find_spec(candidate.package)
    except (ImportError, ValueError):
        return
    if found is None or found.origin is None:
        return
    root = Path(found.origin).parent
    for file in sorted(root.rglob("*.py")):
        try:
            tree = ast.parse(file.read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError):
            continue  # L1 says where
        yield str(file.relative_to(root.parent)), tree
