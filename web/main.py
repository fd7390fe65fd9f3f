"""`python -m web.main`: serves the application with uvicorn on HOST and PORT, and stops without cutting answers off."""

import asyncio
import logging
import logging.config
import os
import socket
import sys
from typing import Final

import uvicorn
from litestar import Litestar

from core.clock import Clock, now
from core.garbage import keep_what_stands
from core.isolation import find_violations_at
from core.settings import settings_from_env
from web.app import create_app
from web.runtime import Runtime

GRACE_SECONDS: Final = 10
LOGGING: Final = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"}},
    "root": {"level": "INFO", "handlers": ["out"]},
}


class Server(uvicorn.Server):
    """Ends live pages first: uvicorn waits for open answers, and those never end by themselves."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop serving."""
        app = self.config.app
        assert isinstance(app, Litestar)
        runtime: Runtime = app.state.runtime
        runtime.live.close_streams()
        await super().shutdown(sockets)


def main(*, clock: Clock = now) -> None:
    """Serve until SIGTERM or SIGINT."""
    logging.config.dictConfig(LOGGING)
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))
    try:
        settings = settings_from_env(os.environ)
    except LookupError as error:
        sys.exit(str(error))
    if settings.production and (open_walls := asyncio.run(find_violations_at(settings.database_url))):
        named = ", ".join(f"{violation.rule}: {violation.where}" for violation in open_walls)
        sys.exit(f"One tenant could see another ({named}). Undo that change; then: anxin db check")
    app = create_app(settings, clock=clock)
    keep_what_stands()
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        # Our own line per request names the route, never a query, a code or a cookie.
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        # Behind a proxy on this machine or in this network: believe its word on https and on the caller's address.
        proxy_headers=True,
        forwarded_allow_ips=os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1"),
        h11_max_incomplete_event_size=64 * 1024,
    )
    server = Server(config)
    server.run()
    if not server.started:
        sys.exit(f"The web could not start on {host}:{port}; the reason stands above.")


if __name__ == "__main__":
    main()
