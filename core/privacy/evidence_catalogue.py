"""What evidence and hearings hold about a person: files and words go, hashes stay, and a legal hold keeps all of it."""

from typing import Final

from core.evidence.models import CustodyEntry, Dossier, DossierPiece, EvidenceLink
from core.hearings.models import Hearing
from core.privacy.deeds import drop_dossiers
from core.privacy.holdings import Holding
from core.privacy.rules import CLAIMS

_CASE = {"complaint_id": "complaint"}
EVIDENCE: Final = (
    Holding(
        area="evidence",
        row=EvidenceLink,
        by=_CASE,
        export=("at", "act", "kind", "label", "sha256"),
        erase="blank",
        sealed=True,
        law=CLAIMS,
        since="at",
    ),
    Holding(
        area="evidence",
        row=CustodyEntry,
        by=_CASE,
        export=("at", "act"),
        erase="blank",
        sealed=True,
        law=CLAIMS,
        since="at",
    ),
    Holding(
        area="evidence",
        row=Dossier,
        by=_CASE,
        gives={"dossier_id": "dossier"},
        export=("created_at", "state"),
        erase="blank",
        run=drop_dossiers,
        law=CLAIMS,
        since="created_at",
    ),
    Holding(area="evidence", row=DossierPiece, by={"dossier_id": "dossier"}),
    Holding(
        area="evidence",
        row=Hearing,
        by=_CASE,
        export=("starts_at", "state", "finding"),
        erase="blank",
        blank={"agenda": "", "minutes": "", "finding": "", "shares": [], "body": "{}"},
        law=CLAIMS,
        since="created_at",
    ),
)
