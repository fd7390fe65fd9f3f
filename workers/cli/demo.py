"""`anxin demo`: three chains to try things with, on an embedded or an empty database."""

import asyncio
from pathlib import Path

import click

from core.bus import Bus
from core.clock import now
from core.db import Database
from core.hooks.host import PluginHost
from core.webhooks.outward import Outward
from tenants.plugin_samples import remove_samples
from tenants.roles import ROLES
from tenants.work import Workplace
from workers.cli.db import VAR
from workers.demo.people import CHAINS, STAFF
from workers.demo.seeding import TimeMachine, Welcome, demo_password, seed
from workers.embedded.installation import Installation


@click.group()
def command() -> None:
    """Look after the demo chains."""


@command.command("seed")
@VAR
def seed_chains(var: Path) -> None:
    """Make the demo chains where they are missing, and print how to sign in."""
    installation = Installation(var)
    welcome = asyncio.run(_seed(installation, demo_password(var)))
    first = CHAINS[0]
    click.echo(f"  Sign in     /t/{first.slug}/sign-in   ({first.name}; password {welcome.password} for every account)")
    for person in STAFF:
        click.echo(
            f"    {person.role + '@' + first.slug + '.example':38} {person.full_name}  {ROLES[person.role].name}"
        )
    others = ", ".join(f"/t/{chain.slug} ({chain.name})" for chain in CHAINS[1:])
    click.echo(f"  More chains {others}; the same accounts with their own domain")
    click.echo(f"  Intake      /q/{welcome.intake_code}")
    click.echo(f"  Complain    /c/{welcome.filing_code}")


@command.command("clear")
@click.argument("plugin")
@VAR
def clear_samples(plugin: str, var: Path) -> None:
    """Erase the sample customers of a plugin from the demo chains, with what its own tables hold of them."""
    click.echo(f"{asyncio.run(_clear(Installation(var), plugin))} sample customers are gone")


async def _clear(installation: Installation, plugin: str) -> int:
    addresses = installation.addresses
    database = Database(addresses.worker, pool_size=2, context_key=installation.context_key)
    workplace = Workplace(database, Bus(addresses.redis), PluginHost.load(), now)
    gone = 0
    try:
        for chain in CHAINS:
            tenant_id = await workplace.find_tenant_id("slug", chain.slug)
            if tenant_id is not None:
                async with workplace.unit(tenant_id) as uow:
                    gone += await remove_samples(uow, plugin=plugin)
    finally:
        await workplace.aclose()
    return gone


async def _seed(installation: Installation, password: str) -> Welcome:
    clock = TimeMachine()
    addresses = installation.addresses
    database = Database(addresses.app, pool_size=2, context_key=installation.context_key)
    outward = Outward(installation.child_environment()["ANXIN_SECRET_KEY"])
    workplace = Workplace(database, Bus(addresses.redis), PluginHost.load(), clock, outward=outward)
    try:
        return await seed(workplace, clock, password)
    finally:
        await workplace.aclose()
