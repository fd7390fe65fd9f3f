"""The lines of the register for written reports of cases and their deliveries."""

from typing import Final

from core.case_reports.models import CaseReport, CaseReportDecision, CaseReportDelivery, CaseReportVersion
from core.privacy.holdings import Holding
from core.privacy.rules import CLAIMS

REPORTS: Final = (
    Holding(
        area="complaints",
        row=CaseReport,
        by={"complaint_id": "complaint"},
        export=("number", "state", "edition", "created_at"),
        erase="blank",
        blank={"content": {}},
        law=CLAIMS,
        since="created_at",
    ),
    Holding(
        area="complaints",
        row=CaseReportVersion,
        by={"complaint_id": "complaint"},
        export=("version", "body", "hash", "submitted_at"),
        erase="blank",
        sealed=True,
        law=CLAIMS,
        since="submitted_at",
    ),
    Holding(
        area="complaints",
        row=CaseReportDecision,
        by={"complaint_id": "complaint"},
        export=("version", "verdict", "edition", "decided_at"),
        erase="blank",
        sealed=True,
        law=CLAIMS,
        since="decided_at",
    ),
    Holding(
        area="complaints",
        row=CaseReportDelivery,
        by={"complaint_id": "complaint"},
        export=("edition", "way", "sent_at", "received_at", "receipt", "answer", "answered_at", "signer", "words"),
        erase="blank",
        blank={"signer": "", "signature": "", "words": "", "ip": "", "user_agent": ""},
        law=CLAIMS,
        since="sent_at",
    ),
)
