"""Why a change to a program or its publication is refused; every code is stable and has its words in the catalogues."""

from core.errors import Conflict


class NoProgram(Conflict):
    """No plugin of the tenant offers the picked program (any more)."""

    code = "program-none"


class DraftChanged(Conflict):
    """Somebody else changed the draft since it was opened here; `by` and `at` say who and when, nothing was written."""

    code = "program-draft-changed"


class NoDraft(Conflict):
    """There is no draft, or it was published or thrown away meanwhile."""

    code = "program-no-draft"


class NotPending(Conflict):
    """Nobody asked for approval of this draft."""

    code = "program-not-pending"


class NothingToPublish(Conflict):
    """These rules are in force already."""

    code = "program-same"


class EffectNotSeen(Conflict):
    """The effect of exactly these rules on exactly those in force has not been worked out, or it is not the one shown.

    `why`: missing, changed (other figures than the ones shown), old (more than a week).
    """

    code = "program-effect-not-seen"


class LowersTiers(Conflict):
    """`count` members would lose their tier: publish again with accept_lowering."""

    code = "program-lowers-tiers"


class VersionPlanned(Conflict):
    """Version `number` is planned to begin later; withdraw it first, or it would end this one without a word."""

    code = "program-version-planned"


class VersionBegun(Conflict):
    """A version that is or was in force cannot be called back; publish an older one again."""

    code = "program-version-begun"


class NeedsApprover(Conflict):
    """The tenant wants a second person: ask for approval instead of publishing."""

    code = "program-needs-approver"


class SamePerson(Conflict):
    """Whoever changed the draft last, or asked for its approval, cannot approve it."""

    code = "program-same-person"
