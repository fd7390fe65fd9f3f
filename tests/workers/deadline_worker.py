"""A worker process as `python -m workers.main` starts one that takes its time between telling and its commit."""

import asyncio
import os
from pathlib import Path

from core.driver import DriverSession
from workers.main import main

commit = DriverSession.commit


def leave_mark(session: DriverSession) -> None:
    with Path(os.environ["CHAOS_MARKS"]).open("a") as marks:
        marks.write(f"{session.info['tenant_id']}\n")


async def slow_commit(session: DriverSession) -> None:
    """Leave a mark once all is written and told, and wait before it counts."""
    await asyncio.to_thread(leave_mark, session)
    await asyncio.sleep(0.25)
    await commit(session)


if __name__ == "__main__":
    DriverSession.commit = slow_commit  # type: ignore[assignment, method-assign] # the real one, later; a function becomes the method
    main(crons={})
