"""Which implementations of each hook run for a set of enabled plugins: an allow list, shared by tenants."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pluggy import PluginManager

from core.hooks.kinds import Spec


@dataclass(frozen=True, slots=True)
class Implementation:
    """One plugin's function for one hook; it may take fewer arguments than the specification offers."""

    plugin: str
    function: Callable[..., Any]
    arguments: tuple[str, ...]


Plan = Mapping[str, tuple[Implementation, ...]]


class Plans:
    """Makes plans from what is registered now and keeps them; a plugin registered later is in no old plan."""

    def __init__(self, manager: PluginManager, specs: tuple[Spec[Any], ...]) -> None:
        self._manager = manager
        self._specs = specs
        self._kept: dict[tuple[frozenset[str], tuple[str, ...]], Plan] = {}

    def plan(self, enabled: frozenset[str], order: tuple[str, ...] = ()) -> Plan:
        """Return implementations by hook name; plugins named in `order` first, the others by name."""
        key = (enabled, order)
        known = self._kept.get(key)
        if known is None:
            known = self._kept[key] = {spec.name: self._row(spec, enabled, order) for spec in self._specs}
        return known

    def _row(self, spec: Spec[Any], enabled: frozenset[str], order: tuple[str, ...]) -> tuple[Implementation, ...]:
        rank = {plugin: place for place, plugin in enumerate(order)}
        implementations = [
            Implementation(impl.plugin_name, impl.function, tuple(impl.argnames))
            for impl in getattr(self._manager.hook, spec.name).get_hookimpls()
            if impl.plugin_name in enabled
        ]
        return tuple(sorted(implementations, key=lambda i: (rank.get(i.plugin, len(rank)), i.plugin)))
