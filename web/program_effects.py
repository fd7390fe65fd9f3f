"""What publishing some rules would do, as far as it is worked out: nothing yet, on the way, or all figures."""

from typing import Any, Final, Literal

import msgspec

from core.backtests.queries import BacktestRecord, find_backtest
from core.hooks.records.loyalty.program import Program
from core.programs.queries import Live, get_effect
from core.programs.rules.digests import digest
from core.programs.rules.versions import StoredEffect
from core.uow import Reader
from web.request import WebRequest
from web.rule_views.effect import Shown, effect_of, shown_effect, tier_names
from web.screens import tenant_path


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """How far the effect of some rules is known."""

    state: Literal["same", "none", "running", "ready"]
    record: BacktestRecord | None = None
    stored: StoredEffect | None = None
    shown: Shown | None = None

    @property
    def falling(self) -> int:
        """How many members would fall on the day of publishing."""
        return self.stored.lowered if self.stored else 0


SAME: Final = Measure(state="same")


async def get_measure(reader: Reader, program: Program, live: Live) -> Measure:
    """Return what is known of publishing these rules now."""
    name = digest(program)
    if name == live.digest:
        return SAME
    record = await find_backtest(reader, program_id=program.id, digest=name, base_digest=live.digest)
    if record is not None and record.state == "running":
        return Measure(state="running", record=record)
    stored = await get_effect(reader, digest=name, base_digest=live.digest, program_id=program.id)
    effect = effect_of(stored.effect) if stored else None
    if stored is None or effect is None:
        return Measure(state="none", record=record)
    shown = shown_effect(effect, tier_names(live.program, program))
    return Measure(state="ready", record=record, stored=stored, shown=shown)


def measure_frame(request: WebRequest, measure: Measure, base: str) -> dict[str, Any]:
    """The addresses beside the figures; `base` is where this effect is started and asked about."""
    run = measure.shown.effect.backtest_id if measure.shown else None
    people = tenant_path(request, f"/programs/effects/{run}")
    return {
        "measure": measure,
        "start_url": base,
        "progress_url": f"{base}/progress",
        "people_url": people if run else "",
        "book_url": f"{people}/book.xlsx",
    }
