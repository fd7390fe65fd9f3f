"""Calls hooks for one tenant: only enabled plugins, each within its budget, its faults kept to itself."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar, cast
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import HELD
from core.errors import AnxinError, Unavailable
from core.hooks.breaker import Breaker
from core.hooks.budget import OverBudget, within
from core.hooks.context import DecideContext, ReactContext, Reader
from core.hooks.kinds import FaultRule, Spec
from core.hooks.loader import where_in
from core.hooks.plan import Implementation, Plan
from core.scope import Actor

T = TypeVar("T")
GapCode = Literal["fault", "timeout", "type", "breaker", "settings", "not loaded"]
logger = logging.getLogger("anxin.plugins")


class Contribution(msgspec.Struct, Generic[T], frozen=True):
    """One answer and the plugin that gave it."""

    plugin: str
    value: T


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that is missing, in words without customer data; store it to recompute later."""

    plugin: str
    hook: str
    rule: FaultRule
    code: GapCode
    error: str = ""
    """The type of what was raised; never its message, which may carry a customer's words."""
    where: str = ""
    seconds: float = 0.0


class Decision(msgspec.Struct, Generic[T], frozen=True):
    """What all plugins answered, in the tenant's order, and whose answer is missing."""

    answers: tuple[Contribution[T], ...] = ()
    gaps: tuple[Gap, ...] = ()


class Run(msgspec.Struct, frozen=True):
    """One call, for metrics; `slow` answered, but over its budget."""

    tenant_id: UUID
    plugin: str
    hook: str
    seconds: float
    code: GapCode | Literal["ok", "slow"]


Observer = Callable[[Run], None]


class PluginRefused(Unavailable):
    """A hook that must answer did not: the user's action stops, and the message names plugin and way out."""

    code = "plugin-refused"


class PluginFault(AnxinError):
    """A react hook failed; the caller's transaction rolls back and the event comes again."""

    code = "plugin-fault"


class TenantPlugins:
    """The plugins of one tenant at one epoch; `enabled` is the only gate to hooks, routes, forms, demo data."""

    def __init__(
        self,
        *,
        tenant_id: UUID,
        epoch: int,
        settings: Mapping[str, msgspec.Struct],
        titles: Mapping[str, Any],
        plan: Plan,
        declared: Mapping[str, tuple[Contribution[Any], ...]],
        gaps: tuple[Gap, ...],
        breaker: Breaker,
        observer: Observer | None = None,
        holding: "Callable[[], TenantPlugins] | None" = None,
    ) -> None:
        self.tenant_id = tenant_id
        self.epoch = epoch
        self.enabled = frozenset(settings)
        self.gaps = gaps
        self.memo: dict[str, Any] = {}
        """What an area worked out from these plugins and rows of the same epoch; who changes such rows raises the epoch."""
        self._settings = settings
        self._titles = titles
        self._plan = plan
        self._declared = declared
        self._breaker = breaker
        self._observer = observer
        self._make_holding = holding
        self._holding: TenantPlugins | None = None

    @property
    def holding(self) -> "TenantPlugins":
        """The plugins that hold data of the tenant, also those that are paused, on trial or off; nothing is declared there.

        For what must reach data whatever the state: a copy, an erasure, winding up.
        """
        if self._holding is None:
            self._holding = self._make_holding() if self._make_holding is not None else self
        return self._holding

    def is_on(self, plugin: str) -> bool:
        """Tell whether anything of this plugin may reach the tenant."""
        return plugin in self.enabled

    def settings_of(self, plugin: str) -> msgspec.Struct:
        """Return the tenant's typed settings of an enabled plugin; KeyError when it is off."""
        return self._settings[plugin]

    def title_of(self, plugin: str) -> Any:
        """Return an enabled plugin's title in its languages; KeyError when it is off."""
        return self._titles[plugin]

    def declared(self, spec: Spec[T]) -> tuple[Contribution[T], ...]:
        """Return what the enabled plugins declare; no plugin code runs here."""
        return self._declared.get(spec.name, ())

    def gaps_of(self, spec: Spec[Any]) -> tuple[Gap, ...]:
        """Return whose declarations are missing, so that a caller with a fallback can take it and say so."""
        return tuple(gap for gap in self.gaps if gap.hook == spec.name)

    def listeners(self, spec: Spec[Any]) -> tuple[str, ...]:
        """Return the enabled plugins that implement a hook, in order; one job each for react hooks."""
        return tuple(implementation.plugin for implementation in self._plan[spec.name])

    async def decide(
        self,
        spec: Spec[T],
        *,
        now: datetime,
        locale: str,
        actor: Actor,
        reader: Reader | None = None,
        trial: bool = False,
        only: str | None = None,
        **arguments: Any,
    ) -> Decision[T]:
        """Ask every enabled plugin, one after the other; `only` asks one, where the question is its own.

        Raises:
            PluginRefused: a plugin failed and the hook's rule is refuse (in a trial it is a gap instead).
        """
        implementations = self._plan[spec.name]
        if not implementations:
            return Decision()
        packed = spec.packed(arguments)
        answers: list[Contribution[T]] = []
        gaps: list[Gap] = []
        for implementation in implementations:
            plugin = implementation.plugin
            if only is not None and plugin != only:
                continue
            arguments["ctx"] = DecideContext(
                plugin=plugin,
                settings=self._settings[plugin],
                tenant_id=self.tenant_id,
                locale=locale,
                now=now,
                actor=actor,
                trial=trial,
                reader=reader,
            )
            arguments.update(spec.unpacked(packed))
            outcome = await self._guarded(spec, implementation, arguments)
            if not isinstance(outcome, Gap):
                answers.extend([Contribution(plugin, value) for value in outcome])
                continue
            if spec.on_fault == "refuse" and not trial:
                raise PluginRefused(plugin=plugin, title=self._titles[plugin], hook=spec.name, why=outcome.code)
            gaps.append(outcome)
        return Decision(tuple(answers), tuple(gaps))

    async def react(
        self,
        spec: Spec[T],
        *,
        plugin: str,
        session: AsyncSession,
        now: datetime,
        actor: Actor,
        locale: str = "zh-CN",
        **arguments: Any,
    ) -> tuple[T, ...]:
        """Let one plugin act inside the caller's transaction, which is there for nothing else; () when it is off.

        Raises:
            PluginFault: it failed or ran over its budget; roll back and try again later.
            PluginRefused: the same, where the hook's rule is refuse because somebody waits.
        """
        for implementation in self._plan[spec.name]:
            if implementation.plugin != plugin:
                continue
            arguments["ctx"] = ReactContext(
                plugin=plugin,
                settings=self._settings[plugin],
                tenant_id=self.tenant_id,
                locale=locale,
                now=now,
                actor=actor,
                session=session,
            )
            arguments.update(spec.unpacked(spec.packed(arguments)))
            # Where somebody waits the breaker answers at once; a worker's tries are counted and spaced by its queue.
            call = self._guarded if spec.on_fault == "refuse" else self._timed
            info = getattr(session, "info", {})
            info[HELD] = plugin
            try:
                outcome = await call(spec, implementation, arguments)
            finally:
                info.pop(HELD, None)
            if not isinstance(outcome, Gap):
                return outcome
            if spec.on_fault == "refuse":
                raise PluginRefused(plugin=plugin, title=self._titles[plugin], hook=spec.name, why=outcome.code)
            raise PluginFault(plugin=plugin, hook=spec.name, error=outcome.error, where=outcome.where)
        return ()

    async def _guarded(
        self, spec: Spec[T], implementation: Implementation, arguments: Mapping[str, Any]
    ) -> tuple[T, ...] | Gap:
        """Call through the breaker."""
        key = (self.tenant_id, implementation.plugin, spec.name)
        if not self._breaker.allows(key):
            gap = Gap(plugin=implementation.plugin, hook=spec.name, rule=spec.on_fault, code="breaker")
            self._report(gap, "breaker")
            return gap
        try:
            outcome = await self._timed(spec, implementation, arguments)
        except BaseException:
            self._breaker.abandoned(key)
            raise
        if isinstance(outcome, Gap):
            self._breaker.failed(key)
        else:
            self._breaker.succeeded(key)
        return outcome

    async def _timed(
        self, spec: Spec[T], implementation: Implementation, arguments: Mapping[str, Any]
    ) -> tuple[T, ...] | Gap:
        """Call within the budget and check the answer; only a cancellation from outside gets through."""
        values = [arguments[name] for name in implementation.arguments]
        started = time.perf_counter()
        code: GapCode = "fault"
        try:
            result = await within(spec.budget, implementation.function(*values))
            code = "type"
            answer = spec.accept(implementation.plugin, result)
        except asyncio.CancelledError as error:
            if cast("asyncio.Task[Any]", asyncio.current_task()).cancelling():
                raise
            return self._gap(spec, implementation, "fault", error, started)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a vendor's code may raise anything; it becomes a gap
            code = "timeout" if isinstance(error, OverBudget) else code
            return self._gap(spec, implementation, code, error, started)
        if self._observer is not None:
            seconds = time.perf_counter() - started
            # An answer that blocked the loop past its budget is kept, but told to the operator.
            self._tell(implementation.plugin, spec.name, seconds, "slow" if seconds > spec.budget else "ok")
        return answer

    def _gap(
        self, spec: Spec[Any], implementation: Implementation, code: GapCode, error: BaseException, started: float
    ) -> Gap:
        gap = Gap(
            plugin=implementation.plugin,
            hook=spec.name,
            rule=spec.on_fault,
            code=code,
            error=type(error).__name__,
            where=where_in(error, implementation.function),
            seconds=time.perf_counter() - started,
        )
        self._report(gap, code)
        return gap

    def _report(self, gap: Gap, code: GapCode) -> None:
        logger.warning(
            "plugin %s, hook %s: %s %s at %s after %.3f s (tenant %s)",
            *(gap.plugin, gap.hook, gap.code, gap.error, gap.where, gap.seconds, self.tenant_id),
        )
        self._tell(gap.plugin, gap.hook, gap.seconds, code)

    def _tell(self, plugin: str, hook: str, seconds: float, code: GapCode | Literal["ok", "slow"]) -> None:
        if self._observer is not None:
            self._observer(Run(self.tenant_id, plugin, hook, seconds, code))
