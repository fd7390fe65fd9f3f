"""Why a change of policies or calendars is refused; every code is stable and has its words in the catalogues."""

from core.errors import Conflict, InvalidInput


class RulesDraftChanged(Conflict):
    """Somebody else changed or published the draft since it was opened here; `by` says who. Nothing was written."""

    code = "rules-draft-changed"


class NoRulesDraft(Conflict):
    """There is no draft, or it was published or thrown away meanwhile."""

    code = "rules-no-draft"


class NothingChanged(Conflict):
    """The draft says what holds already."""

    code = "rules-same"


class RulesPlanned(Conflict):
    """Version `number` begins later than this one would; rules cannot begin before the ones published before them."""

    code = "rules-planned"


class RulesMoving(Conflict):
    """Running clocks still follow version `number`; publish again when they are through."""

    code = "rules-moving"


class BadRules(InvalidInput):
    """The draft cannot be published as it is; every problem at once, each with its path."""

    code = "rules-bad"
