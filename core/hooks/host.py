"""The process's plugins: loaded once, then handed out per tenant and epoch."""

import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from core.errors import InvalidInput, NotFound
from core.hooks.breaker import Breaker
from core.hooks.dispatch import Contribution, Gap, Observer, TenantPlugins
from core.hooks.kinds import Spec
from core.hooks.loader import (
    Candidate,
    Checks,
    Loaded,
    PluginStatus,
    call_declare,
    found_plugins,
    load_plugins,
    where_in,
)
from core.hooks.manifest import Plugin
from core.hooks.plan import Plans
from core.hooks.records.settings import SettingProblem
from core.hooks.settings import problems_of, read_settings
from core.hooks.specs import SPECS
from core.hooks.specs.settings import check_settings
from core.hooks.specs.upkeep import migrate_settings
from core.hooks.surface import check_surface

T = TypeVar("T")
_NONE: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType({})
KEPT_TENANTS = 10_000
KEPT_DECLARATIONS = 2_000
_settings_key = msgspec.msgpack.Encoder(order="deterministic")


class _Declared(NamedTuple):
    """What one plugin declares under one set of settings."""

    records: dict[str, tuple[Any, ...]]
    gaps: tuple[Gap, ...]

    @property
    def may_be_on(self) -> bool:
        return all(gap.rule != "not enabled" for gap in self.gaps)


class PluginHost:
    """Owns the plugin manager, the plans, the breaker and the caches; one per process, passed around."""

    def __init__(self, loaded: Loaded, *, breaker: Breaker | None = None, observer: Observer | None = None) -> None:
        self._loaded = loaded
        self._plans = Plans(loaded.manager, SPECS)
        self._breaker = breaker or Breaker()
        self._observer = observer
        self._tenants: dict[UUID, TenantPlugins] = {}
        self._declarations: dict[tuple[str, bytes], _Declared] = {}

    @classmethod
    def load(
        cls,
        candidates: Iterable[Candidate] | None = None,
        *,
        blocked: Mapping[str, str] | None = None,
        checks: Checks | None = None,
        strict: bool = False,
        breaker: Breaker | None = None,
        observer: Observer | None = None,
    ) -> "PluginHost":
        """Load the installed plugins (or the given candidates).

        Args:
            candidates: what to load instead of the installed entry points.
            blocked: plugin id -> the operator's reason not to load it.
            checks: hook name -> a deeper check of one declared record, e.g. the rules of forms.
            strict: raise for the first plugin that does not load.
            breaker: holds back what keeps failing; a test passes one with its own clock.
            observer: hears of every call, for metrics.

        Raises:
            PluginBroken: in strict mode only.
        """
        found = found_plugins() if candidates is None else candidates
        loaded = load_plugins(found, blocked=blocked, checks=checks, strict=strict)
        return cls(loaded, breaker=breaker, observer=observer)

    def status(self) -> tuple[PluginStatus, ...]:
        """Return every candidate with its state and, when it does not run, why and where."""
        return tuple(self._loaded.statuses)

    def plugins(self) -> tuple[Plugin, ...]:
        """Return the manifests of all loaded plugins, by name."""
        return tuple(self._loaded.plugins[name] for name in sorted(self._loaded.plugins))

    def plugin(self, plugin_id: str) -> Plugin:
        """Return one manifest.

        Raises:
            NotFound: it is not loaded.
        """
        if plugin_id not in self._loaded.plugins:
            raise NotFound(plugin=plugin_id)
        return self._loaded.plugins[plugin_id]

    def migrations(self) -> dict[str, Path]:
        """Return the folders (each holding `versions/`) of the loaded plugins that have tables, by plugin id."""
        folders = {}
        for plugin_id, plugin in self._loaded.plugins.items():
            if plugin.tables:
                file = sys.modules[self._loaded.packages[plugin_id]].__file__
                folders[plugin_id] = Path(str(file)).parent / "migrations"
        return folders

    def template_folders(self) -> dict[str, Path]:
        """Return the folders `templates` of the loaded plugins that have one, by plugin id."""
        folders = {}
        for plugin_id in self._loaded.plugins:
            folder = Path(str(sys.modules[self._loaded.packages[plugin_id]].__file__)).parent / "templates"
            if folder.is_dir():
                folders[plugin_id] = folder
        return folders

    def cached(self, tenant_id: UUID, epoch: int) -> TenantPlugins | None:
        """Return the tenant's plugins when they are known for this epoch, so the caller need not read settings."""
        known = self._tenants.get(tenant_id)
        return known if known is not None and known.epoch == epoch else None

    def for_tenant(
        self,
        tenant_id: UUID,
        epoch: int,
        enabled: Mapping[str, Mapping[str, Any]],
        kept: Mapping[str, Mapping[str, Any]] = _NONE,
    ) -> TenantPlugins:
        """Return the plugins of a tenant; `enabled` maps plugin ids to their stored settings, in the tenant's order.

        `kept` are plugins that are not on and hold data all the same; only `TenantPlugins.holding` reaches them.

        A plugin that is not loaded, whose settings no longer fit, or whose declarations fail is off for this
        tenant, and a gap says why.
        """
        if (known := self.cached(tenant_id, epoch)) is not None:
            return known
        settings: dict[str, msgspec.Struct] = {}
        declarations: dict[str, _Declared] = {}
        gaps: list[Gap] = []
        for plugin_id in enabled:
            plugin = self._loaded.plugins.get(plugin_id)
            if plugin is None:
                gaps.append(self._not_loaded(plugin_id))
                continue
            try:
                own = read_settings(plugin.settings, enabled[plugin_id])
            except InvalidInput as error:
                where = error.problems[0].path
                gaps.append(Gap(plugin=plugin_id, hook="", rule="not enabled", code="settings", where=where))
                continue
            declared = self._declare(plugin, own)
            gaps.extend(declared.gaps)
            if declared.may_be_on:
                settings[plugin_id] = own
                declarations[plugin_id] = declared
        holding = partial(self._holding, tenant_id, epoch, {**enabled, **kept})
        made = self._tenant(tenant_id, epoch, settings, declarations, tuple(gaps), holding)
        if len(self._tenants) >= KEPT_TENANTS:
            self._tenants.clear()
        self._tenants[tenant_id] = made
        return made

    def _holding(self, tenant_id: UUID, epoch: int, stored: Mapping[str, Mapping[str, Any]]) -> TenantPlugins:
        """Return plugins that declare nothing; settings that fit no longer keep nobody from erasing."""
        settings: dict[str, msgspec.Struct] = {}
        gaps: list[Gap] = []
        for plugin_id, own in stored.items():
            plugin = self._loaded.plugins.get(plugin_id)
            if plugin is None:
                gaps.append(self._not_loaded(plugin_id))
                continue
            try:
                settings[plugin_id] = read_settings(plugin.settings, own)
            except InvalidInput:
                settings[plugin_id] = read_settings(plugin.settings, {})
        declarations = {plugin_id: _Declared({}, ()) for plugin_id in settings}
        return self._tenant(tenant_id, epoch, settings, declarations, tuple(gaps))

    def implements(self, plugin_id: str, spec: Spec[Any]) -> bool:
        """Tell whether a loaded plugin has this hook."""
        return bool(self._plans.plan(frozenset({plugin_id}))[spec.name])

    def _not_loaded(self, plugin_id: str) -> Gap:
        status = next((status for status in self._loaded.statuses if status.id == plugin_id), None)
        state, where = (status.state, status.where) if status is not None else ("not installed", "")
        return Gap(plugin=plugin_id, hook="", rule="not enabled", code="not loaded", error=state, where=where)

    def _tenant(
        self,
        tenant_id: UUID,
        epoch: int,
        settings: dict[str, msgspec.Struct],
        declarations: dict[str, _Declared],
        gaps: tuple[Gap, ...],
        holding: Callable[[], TenantPlugins] | None = None,
    ) -> TenantPlugins:
        plan = self._plans.plan(frozenset(settings), tuple(settings))
        declared = {
            spec.name: tuple(
                Contribution(implementation.plugin, record)
                for implementation in plan[spec.name]
                for record in declarations[implementation.plugin].records.get(spec.name, ())
            )
            for spec in SPECS
            if spec.kind == "declare"
        }
        return TenantPlugins(
            tenant_id=tenant_id,
            epoch=epoch,
            settings=settings,
            titles={plugin: self._loaded.plugins[plugin].title for plugin in settings},
            plan=plan,
            declared=declared,
            gaps=gaps,
            breaker=self._breaker,
            observer=self._observer,
            holding=holding,
        )

    def _declare(self, plugin: Plugin, settings: msgspec.Struct) -> _Declared:
        """Ask a plugin's declare hooks once per distinct settings; tenants with the same settings share."""
        key = (plugin.id, _settings_key.encode(settings))
        known = self._declarations.get(key)
        if known is not None:
            return known
        records: dict[str, tuple[Any, ...]] = {}
        gaps: list[Gap] = []
        plan = self._plans.plan(frozenset({plugin.id}))
        for spec in SPECS:
            if spec.kind != "declare":
                continue
            for implementation in plan[spec.name]:
                function = implementation.function
                try:
                    records[spec.name] = call_declare(spec, plugin.id, function, implementation.arguments, settings)
                except (Exception, SystemExit) as error:  # noqa: BLE001 - a vendor's code; it becomes a gap
                    gaps.append(
                        Gap(
                            plugin=plugin.id,
                            hook=spec.name,
                            rule=spec.on_fault,
                            code="fault",
                            error=type(error).__name__,
                            where=where_in(error, function),
                        )
                    )
        try:
            check_surface(records, [name for name, row in plan.items() if row])
        except ValueError:
            gaps.append(Gap(plugin=plugin.id, hook="routes", rule="not enabled", code="fault", error="ValueError"))
        if len(self._declarations) >= KEPT_DECLARATIONS:
            self._declarations.clear()
        made = self._declarations[key] = _Declared(records, tuple(gaps))
        return made

    def preview(self, enabled: Mapping[str, Mapping[str, Any]], spec: Spec[T]) -> tuple[Contribution[T], ...]:
        """Return what these plugins would declare together under these settings, before a tenant gets them."""
        settings: dict[str, msgspec.Struct] = {}
        for plugin_id, stored in enabled.items():
            if plugin_id in self._loaded.plugins:
                with suppress(InvalidInput):  # it would be off, see for_tenant
                    settings[plugin_id] = read_settings(self._loaded.plugins[plugin_id].settings, stored)
        return tuple(
            Contribution(implementation.plugin, record)
            for implementation in self._plans.plan(frozenset(settings), tuple(settings))[spec.name]
            for record in self._declare(
                self._loaded.plugins[implementation.plugin], settings[implementation.plugin]
            ).records.get(spec.name, ())
        )

    def migrated(self, plugin_id: str, version: int, data: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return settings stored under an earlier version as they are written now, unsaved; None after a fault.

        Raises:
            NotFound: the plugin is not loaded.
        """
        current = self.plugin(plugin_id).settings_version
        if version < current:
            offered = {"version": version, "settings": msgspec.json.decode(msgspec.json.encode(data))}
            for implementation in self._plans.plan(frozenset({plugin_id}))[migrate_settings.name]:
                values = (offered[name] for name in implementation.arguments)
                try:
                    answer = migrate_settings.accept(plugin_id, implementation.function(*values))
                except (Exception, SystemExit):  # noqa: BLE001 - a vendor's code; the caller keeps what is stored
                    return None
                return answer[0] if answer else data
        return data

    def check_settings(self, plugin_id: str, data: Mapping[str, Any]) -> msgspec.Struct:
        """Return typed settings that are fit to be saved: valid alone, together, and in every declare hook.

        Raises:
            NotFound: the plugin is not loaded.
            InvalidInput: every refused value with its path.
        """
        plugin = self.plugin(plugin_id)
        settings = read_settings(plugin.settings, data)
        found: list[SettingProblem] = []
        for implementation in self._plans.plan(frozenset({plugin_id}))[check_settings.name]:
            try:
                found += check_settings.accept(plugin_id, implementation.function(settings))
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a vendor's code; any fault refuses the save
                found.append(SettingProblem(path="", code="check-failed", text=type(error).__name__))
        if not found:
            found = [
                SettingProblem(path="", code="declare-failed", text=f"{gap.hook}: {gap.error} at {gap.where}")
                for gap in self._declare(plugin, settings).gaps
            ]
        if found:
            raise InvalidInput(problems_of(found))
        return settings
