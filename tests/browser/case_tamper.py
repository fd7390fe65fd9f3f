"""What somebody with the keys of the database does to the evidence of a case, and what `anxin evidence verify` says of it."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

import asyncpg

from core.migrations.roles import driver_dsn
from tests.browser.live_site import ROOT, LiveSite

# One bit of one stored file is turned; turned once more, it is as it was.
FILE: Final = """
    UPDATE file_content AS c SET content = set_byte(c.content, 100, get_byte(c.content, 100) # 1)
    FROM evidence_link AS l JOIN stored_file AS f USING (tenant_id, file_id)
    WHERE l.complaint_id = $1 AND l.label = $2
      AND c.tenant_id = f.tenant_id AND c.sha256 = f.sha256 AND c.chunk_no = 0
"""
ROW: Final = "UPDATE evidence_link SET label = $3 WHERE complaint_id = $1 AND label = $2"


class Tamperer:
    """Changes what no page and no role of the product can change."""

    def __init__(self, site: LiveSite, complaint_id: UUID) -> None:
        self._site, self._complaint_id = site, complaint_id

    @asynccontextmanager
    async def _server(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(driver_dsn(self._site.dsns.admin))
        try:
            yield connection
        finally:
            await connection.close()

    async def turn_a_bit(self, label: str) -> None:
        async with self._server() as server:
            assert await server.execute(FILE, self._complaint_id, label) == "UPDATE 1"

    async def rename(self, label: str, other: str) -> None:
        async with self._server() as server:
            assert await server.execute(ROW, self._complaint_id, label, other) == "UPDATE 1"

    async def verify(self) -> tuple[int, str]:
        """Run the command as an operator does; return its exit status and what it said."""
        command = [sys.executable, "-m", "workers.cli.main", "evidence", "verify", "--tenant", "dongying"]
        done = await asyncio.to_thread(
            subprocess.run,
            [*command, "--case", str(self._complaint_id)],
            cwd=ROOT,
            env=self._site.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr
