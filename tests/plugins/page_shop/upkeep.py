"""Work by the clock of the sample shop."""

from datetime import timedelta
from typing import Any

from plugins.api import Effect, Job, OpenTask, ReactContext, both, hookimpl


@hookimpl
def jobs() -> tuple[Job, ...]:
    """One by the hour, one by the day."""
    return (
        Job(id="late", label=both("查迟到", "Find what is late"), every_minutes=60),
        Job(id="report", label=both("日报", "Daily report"), at="08:30"),
    )


@hookimpl
async def run_job(ctx: ReactContext[Any], job: str) -> tuple[Effect, ...]:
    """Ask for one task per job, however often it runs."""
    return (OpenTask(key=f"job:{job}", title=both("催单", "Chase"), due=ctx.now + timedelta(hours=2), role="doctor"),)
