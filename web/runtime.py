"""What one web process holds: settings, the workplace, compiled templates, the password desk and live streams."""

from dataclasses import dataclass

from jinja2 import Environment

from core.clock import Clock
from core.settings import Settings
from tenants.passwords import Passwords
from tenants.work import Workplace
from web.live_hub import LiveHub
from web.static_files import StaticFiles


@dataclass(frozen=True)
class Runtime:
    """Made by `create_app`, kept in `app.state.runtime`, reached through `request.runtime`."""

    settings: Settings
    workplace: Workplace
    templates: Environment
    static_files: StaticFiles
    passwords: Passwords
    clock: Clock
    live: LiveHub
