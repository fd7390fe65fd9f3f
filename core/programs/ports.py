"""What programs need of areas above them: the figures of a backtest, whoever makes them."""

from typing import Protocol


class Effect(Protocol):
    """What publishing some rules would do; core.backtests.rules.effects.Effect is one."""

    @property
    def digest(self) -> str:
        """Of the rules that were tried."""
        ...

    @property
    def live_version(self) -> str:
        """The digest of the rules in force that they were compared with."""
        ...

    @property
    def falling(self) -> int:
        """How many members would lose their tier on the day of publishing."""
        ...
