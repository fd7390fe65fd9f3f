"""The member that a case plays with: one account, the rewards held, and what is known about the person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from core.conditions.rules.closure import compile_tree
from core.hooks.records.conditions import Tree
from core.hooks.records.loyalty.offers import Campaign
from core.hooks.records.loyalty.program import Program
from core.loyalty.replay.answers import tier_of
from core.loyalty.replay.rewards import Rewards
from core.loyalty.rules.earning import EarnFacts
from core.loyalty.rules.ledger import Account
from core.programs.rules.windows import is_open


@dataclass
class Player:
    """One member. `told` are ids of rules and codes of tiers whose condition is said to hold; `person` are facts about them."""

    account: Account
    told: frozenset[str] = frozenset()
    person: Mapping[str, Any] = field(default_factory=dict)
    rewards: Rewards = field(default_factory=Rewards)

    @property
    def program(self) -> Program:
        """The rules in force."""
        return self.account.program

    def meet(self, day: date) -> None:
        """Judge all conditions on a day, and remember the services that are promised on it."""
        holds = {code for code, when in self._conditions() if self._holds(when, day)}
        self.account.matches = self.told | holds

    def _holds(self, when: Tree, day: date) -> bool:
        try:
            return compile_tree(when, today=day)(self.person)
        except TypeError:  # a fact of another type than the condition asks for says nothing
            return False

    def promise(self) -> None:
        """Remember the services that are promised today."""
        assert self.account.joined is not None
        self.rewards.hold(self.program, tier_of(self.account), self.account.day(), self.account.joined)

    def campaigns(self) -> tuple[Campaign, ...]:
        """The campaigns that are open today for this member."""
        day, matches = self.account.day(), self.account.matches
        return tuple(
            one for one in self.program.live(Campaign) if is_open(one, day) and (one.when is None or one.id in matches)
        )

    def facts(self) -> EarnFacts:
        """What earning has to know besides the bill."""
        return EarnFacts(tier=tier_of(self.account), campaigns=self.campaigns(), matches=self.account.matches)

    def _conditions(self) -> list[tuple[str, Tree]]:
        found = [(rule.id, rule.when) for rule in self.program.rules if rule.when is not None]
        ladder = self.program.ladder
        tiers = ladder.tiers if ladder is not None else ()
        return found + [(tier.code, tier.when) for tier in tiers if tier.when is not None]
