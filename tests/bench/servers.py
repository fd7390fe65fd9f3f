"""A PostgreSQL and a Valkey for one benchmark: begun empty, ended and removed with it."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from workers.embedded.postgres import EmbeddedPostgres
from workers.embedded.valkey import EmbeddedValkey


@contextlib.contextmanager
def own_servers() -> Iterator[tuple[EmbeddedPostgres, EmbeddedValkey]]:
    """Both servers, running, in a folder of their own."""
    with tempfile.TemporaryDirectory(prefix="anxin-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        postgres, valkey = EmbeddedPostgres(folder / "var"), EmbeddedValkey(folder / "var")
        postgres.start()
        try:
            valkey.start()
            yield postgres, valkey
        finally:
            valkey.stop()
            postgres.stop()
