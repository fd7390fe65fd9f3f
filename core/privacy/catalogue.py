"""Names every table that holds something about a person: how it is copied, how it is erased, and why something stays."""

from core.complaints.models import Complaint, ComplaintEvent, ComplaintMail, ComplaintMerge
from core.consents.models import ConsentSeal
from core.contacts.models import ContactConsent, CustomerContact
from core.customers.models import (
    Customer,
    CustomerEvent,
    CustomerPhone,
    CustomerWord,
    CustomValue,
    ProfileValue,
    Subject,
)
from core.exports.models import ExportPiece
from core.files.models import StoredFile
from core.forms.models import FormDraft, FormLink, Submission, SubmissionFile
from core.imports.models import ImportRow
from core.loyalty.models import Purchase
from core.merges.models import CustomerMerge, DuplicateKey, DuplicateLook, DuplicateSuspect
from core.outbox.models import Outbox
from core.privacy.casework_catalogue import CASEWORK
from core.privacy.deeds import (
    erase_customer_rows,
    erase_drafts,
    erase_exports,
    erase_files_of,
    erase_import_rows,
    erase_told_events,
    revoke,
    with_questions,
)
from core.privacy.evidence_catalogue import EVIDENCE
from core.privacy.holdings import HOLDINGS, NOT_HELD, Holding, add_holding
from core.privacy.lessons_catalogue import LESSONS
from core.privacy.loyalty_catalogue import LOYALTY
from core.privacy.models import PrivacyLink, PrivacyReceipt, PrivacyRequest
from core.privacy.report_catalogue import REPORTS
from core.privacy.rules import CLAIMS, NUMBERS, ORDERS, PROOF, RECORDS
from core.profiles.models import CustomerPreference, CustomerTagging
from core.surveys.models import SurveyAnswer, SurveyAsk, SurveyCycle, SurveyInterview
from core.tasks.models import GeneralTask
from core.visits.models import (
    Bill,
    BillApplied,
    BillChoice,
    BillLine,
    CreditNote,
    Estimate,
    EstimateAnswer,
    Payment,
    Visit,
    VisitLink,
    VisitProcedure,
)

_ME = {"customer_id": "customer"}
_MINE = {"customer_id": "customer", "subject_id": "subject"}
_ENTITY = {"entity_id": "person"}
_PET = ("name", "kind", "species", "breed", "sex", "birthday", "neutered", "chip", "deceased_on", "note")
_WHO = ("number", "full_name", "gender", "member_no", "note", "last_visit_on", "source", "created_at", "changed_at")

add_holding(
    Holding(area="profile", row=Customer, by=_ME, export=_WHO, erase="blank", run=erase_customer_rows, law=NUMBERS),
    Holding(
        area="pets",
        row=Subject,
        by=_ME,
        gives={"subject_id": "subject"},
        export=_PET,
        erase="blank",
        blank={"note": ""},  # the record's own deed blanks the rest, so that the set of pets is whole until then
        law=NUMBERS,
    ),
    Holding(area="contact", row=CustomerPhone, by=_ME, export=("phone_e164", "kind")),
    Holding(area="contact", row=CustomerContact, by=_ME, export=("kind", "value", "label", "created_at")),
    Holding(
        area="contact",
        row=ContactConsent,
        by=_ME,
        export=("purpose", "channel", "decision", "source", "text_shown", "at"),
        erase="blank",
        sealed=True,
        law=PROOF,
        since="at",
    ),
    Holding(area="contact", row=CustomerPreference, by=_ME, export=("channel", "contact_time", "locale", "changed_at")),
    Holding(area="profile", row=CustomerWord, by=_ME),
    Holding(area="profile", row=CustomerTagging, by=_ME, export=("at",)),
    Holding(
        area="profile", row=CustomValue, by=_ENTITY, export=("entity_type", "field_key", "v_text", "v_int", "v_date")
    ),
    Holding(
        area="profile",
        row=ProfileValue,
        by=_ENTITY,
        export=("entity_type", "field_key", "value", "before", "source", "taken", "at"),
        sealed=True,
    ),
    Holding(area="timeline", row=CustomerEvent, by=_ME, export=("at", "kind", "data"), sealed=True),
    Holding(area="profile", row=DuplicateKey, by=_ME),
    Holding(area="profile", row=DuplicateLook, by=_ME),
    Holding(area="profile", row=DuplicateSuspect, by={"a_id": "customer", "b_id": "customer"}),
    Holding(area="profile", row=CustomerMerge, by={"winner_id": "customer", "loser_id": "customer"}),
    Holding(area="profile", row=ExportPiece, by={"export_id": "export"}, run=erase_exports),
    Holding(area="profile", row=ImportRow, by=_MINE, erase="blank", run=erase_import_rows, law=NUMBERS),
    Holding(
        area="forms",
        row=FormLink,
        by=_MINE,
        gives={"link_id": "link"},
        erase="blank",
        run=revoke(FormLink),
        law=NUMBERS,
    ),
    Holding(area="forms", row=FormDraft, by={"link_id": "link"}, export=("saved_at", "answers"), run=erase_drafts),
    Holding(
        area="forms",
        row=Submission,
        by=_MINE,
        gives={"submission_id": "submission"},
        export=("form_id", "version", "channel", "completed_at", "data"),
        shape=with_questions,
        erase="blank",
        erase_by={"submission_id": "loose"},
        blank={"data": {}, "flags": [], "notices": [], "actor_name": "", "status": "withdrawn"},
        law=NUMBERS,
    ),
    Holding(
        area="forms",
        row=SubmissionFile,
        by={"submission_id": "submission"},
        erase_by={"submission_id": "loose"},
        law=RECORDS,
    ),
    Holding(
        area="consents",
        row=ConsentSeal,
        by=_MINE,
        export=("kind", "form_id", "signer", "role", "signed_at", "reason", "seal"),
        sealed=True,
        erase_by={"submission_id": "loose"},
        law=RECORDS,
        since="signed_at",
    ),
    Holding(
        area="complaints",
        row=Complaint,
        by=_MINE,
        gives={"complaint_id": "complaint"},
        erase_by={"complaint_id": "complaint"},
        export=(
            "number",
            "title",
            "text",
            "desired",
            "contact_name",
            "contact_phone",
            "source",
            "state",
            "severity",
            "received_at",
        ),
        erase="blank",
        blank={
            "title": "***",
            "text": "",
            "desired": "",
            "contact_name": "",
            "contact_phone": "",
            "reasons": [],
            "source": None,
            "source_key": None,
        },
        law=CLAIMS,
        since="received_at",
    ),
    Holding(
        area="complaints",
        row=ComplaintMail,
        by={"complaint_id": "complaint"},
        export=("at", "sent", "subject", "correspondent"),
        erase="blank",
        blank={"subject": "", "correspondent": ""},
        law=CLAIMS,
        since="at",
    ),
    Holding(
        area="complaints",
        row=ComplaintMerge,
        by={"loser_id": "complaint"},
        erase="blank",
        blank={"reason": ""},
        law=CLAIMS,
        since="merged_at",
    ),
    Holding(
        area="complaints",
        row=ComplaintEvent,
        by={"complaint_id": "complaint"},
        export=("at", "kind"),
        erase="blank",
        sealed=True,
        law=CLAIMS,
        since="at",
    ),
    *CASEWORK,
    *REPORTS,
    *EVIDENCE,
    Holding(
        area="tasks",
        row=GeneralTask,
        by={"customer_id": "customer", "complaint_id": "complaint"},
        export=("opened_at", "title", "state", "due_at", "ended_at", "note"),
    ),
    Holding(area="complaints", row=Outbox, by={"outbox_id": "work"}, run=erase_told_events),
    Holding(
        area="purchases",
        row=Purchase,
        by=_ME,
        export=("occurred_at", "list_fen", "paid_fen", "refunded_fen", "description", "lines"),
        erase="blank",
        blank={"description": "", "lines": []},
        law=ORDERS,
        since="occurred_at",
    ),
    Holding(
        area="visits",
        row=Visit,
        by=_MINE,
        gives={"visit_id": "visit"},
        export=("number", "reason", "state", "started_at", "ended_at", "end_note"),
        erase="blank",
        blank={"reason": "", "end_note": ""},
        law=ORDERS,
        since="started_at",
    ),
    Holding(
        area="visits",
        row=VisitProcedure,
        by={"visit_id": "visit"},
        export=("name_zh", "name_en", "state", "planned_at", "ended_at", "note"),
        erase="blank",
        blank={"note": ""},
        law=ORDERS,
        since="planned_at",
    ),
    Holding(
        area="visits",
        row=Estimate,
        by={"visit_id": "visit"},
        gives={"estimate_id": "estimate"},
        export=("version", "total_fen", "given_at", "note"),
        erase="blank",
        sealed=True,
        law=ORDERS,
        since="given_at",
    ),
    Holding(
        area="visits",
        row=EstimateAnswer,
        by={"estimate_id": "estimate"},
        export=("answer", "name", "words", "at"),
        erase="blank",
        sealed=True,
        law=ORDERS,
        since="at",
    ),
    Holding(
        area="visits",
        row=Bill,
        by={"visit_id": "visit"},
        gives={"bill_id": "bill"},
        export=("number", "state", "total_fen", "paid_fen", "refunded_fen", "opened_at", "paid_at"),
        erase="blank",
        blank={"override_reason": "", "void_reason": ""},
        law=ORDERS,
        since="opened_at",
    ),
    Holding(
        area="visits",
        row=BillLine,
        by={"bill_id": "bill"},
        export=("name_zh", "name_en", "category", "quantity_milli", "unit_fen", "amount_fen", "added_at"),
        erase="keep",
        law=ORDERS,
        since="added_at",
    ),
    Holding(area="visits", row=BillChoice, by={"bill_id": "bill"}),
    Holding(
        area="visits",
        row=BillApplied,
        by={"bill_id": "bill"},
        export=("step", "label", "points", "fen", "at"),
        erase="keep",
        law=ORDERS,
        since="at",
    ),
    Holding(
        area="visits",
        row=CreditNote,
        by={"bill_id": "bill"},
        export=("number", "kind", "amount_fen", "reason", "at"),
        erase="blank",
        sealed=True,
        law=ORDERS,
        since="at",
    ),
    Holding(
        area="visits",
        row=Payment,
        by={"bill_id": "bill"},
        export=("kind", "method", "amount_fen", "detail", "at"),
        erase="blank",
        sealed=True,
        law=ORDERS,
        since="at",
    ),
    Holding(area="visits", row=VisitLink, by={"visit_id": "visit"}, erase="blank", run=revoke(VisitLink), law=NUMBERS),
    Holding(
        area="surveys",
        row=SurveyAnswer,
        by=_ME,
        export=("form_id", "answered_at", "nps", "csat", "ces"),
        erase="blank",
        blank={"customer_id": None, "species": None},
    ),
    Holding(area="surveys", row=SurveyCycle, by=_ME),
    Holding(
        area="surveys",
        row=SurveyInterview,
        by=_ME,
        export=("reason", "state", "due_at", "note"),
        erase="blank",
        blank={"note": ""},
        law=NUMBERS,
    ),
    Holding(
        area="surveys", row=SurveyAsk, by=_ME, export=("source", "asked_at", "answered_at"), erase="keep", law=NUMBERS
    ),
    Holding(
        area="files",
        row=StoredFile,
        by={"owner_id": "owner"},
        export=("filename", "media_type", "size", "purpose", "created_at"),
        erase="blank",
        run=erase_files_of,
        law=NUMBERS,
    ),
    Holding(area="requests", row=PrivacyLink, by=_ME, erase="blank", run=revoke(PrivacyLink), law=NUMBERS),
    Holding(
        area="requests",
        row=PrivacyRequest,
        by=_ME,
        export=("number", "kind", "state", "text", "answer", "created_at", "due_at"),
        erase="blank",
        blank={"text": "", "answer": "", "override_reason": ""},
        law=PROOF,
        since="created_at",
    ),
    Holding(area="requests", row=PrivacyReceipt, by=_ME, erase="keep", law=PROOF, since="at"),
    *LOYALTY,
    *LESSONS,
)

NOT_HELD.update(
    evidence_locker="numbers and hashes of a case's evidence; they prove that nothing was cut off",
    file_hold="whose files a legal hold keeps, by key only; gone when the hold is lifted",
    legal_hold="that and why a court or the house kept a case, in words about the case; the proof that it was so",
    case_macro_use="which of the house's bundles was used on a case, by name and key; its words are in replies and tasks",
    policy_trial_move="which promise would have turned out otherwise, by key only; gone with its trial",
    backtest_mover="who would change tier, by key only; thrown away after thirty days",
    staff_record="what a case says about a member of the staff, in no word about the customer; erased after three years",
    audit_entry="who did what, by keys only; the chain of hashes proves that nothing was taken out",
    privacy_tombstone="a key and a day, so that a restored backup is erased again",
)


def catalogue() -> dict[str, Holding]:
    """The register, filled: who reads it asks here, so that it is never half full."""
    return HOLDINGS
