"""A worker process as `python -m workers.main` starts one, with one task whose effects can be counted."""

import asyncio
import os
from pathlib import Path
from typing import Any
from uuid import UUID

from core.uow import UnitOfWork
from workers.jobs import task
from workers.main import main

TASK = "chaos.effect"


def leave_mark(outbox_id: UUID) -> None:
    with Path(os.environ["CHAOS_MARKS"]).open("a") as marks:
        marks.write(f"{outbox_id}\n")


@task(TASK)
async def leave_effect(uow: UnitOfWork, payload: dict[str, Any], outbox_id: UUID) -> None:
    """Write what must exist once in the transaction, and a mark of the attempt that no rollback takes back."""
    await asyncio.to_thread(leave_mark, outbox_id)
    await asyncio.sleep(0.01)
    await uow.next_number("effects")
    uow.audit("chaos.effect", "job", outbox_id, payload)


if __name__ == "__main__":
    main(tasks={TASK: leave_effect}, crons={})
