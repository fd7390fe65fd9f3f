"""The `anxin` command: each module beside this one is a sub-command of its name and exposes it as `command`."""

import importlib
import pkgutil
import sys

import click

import workers.cli
from workers.embedded.faults import StartupError


class Commands(click.Group):
    """Loads a sub-command when it is asked for: `anxin doctor` must run where half of the product is broken."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every module of this package but this one."""
        del ctx
        return sorted(module.name for module in pkgutil.iter_modules(workers.cli.__path__) if module.name != "main")

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the sub-command's module."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = importlib.import_module(f"workers.cli.{cmd_name}").command
        return command if isinstance(command, click.Command) else None


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="anxin")
def anxin() -> None:
    """Customer service for clinic and shop chains: run it, look after it, ask it."""


def main() -> None:
    """Run the command line; what cannot start is told in plain words, without a traceback."""
    try:
        anxin()
    except StartupError as error:
        click.echo(f"\nanxin: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
