"""The words of every problem, by its code: a title, and what to do next. docs/errors.md has a section for each."""

from typing import Final

import msgspec

from web.i18n import N_
from web.problem_texts.casework import CASEWORK, CASEWORK_FIELDS
from web.problem_texts.evidence import EVIDENCE, EVIDENCE_FIELDS
from web.problem_texts.intake import INTAKE, INTAKE_FIELDS
from web.problem_texts.loyalty import LOYALTY, LOYALTY_FIELDS
from web.problem_texts.remedies import REMEDIES, REMEDY_FIELDS
from web.problem_texts.reports import REPORTS
from web.problem_texts.rosters import ROSTER_FIELDS, ROSTERS
from web.problem_texts.rules import RULES, RULES_FIELDS
from web.problem_texts.webhooks import WEBHOOK_FIELDS, WEBHOOKS


class ProblemText(msgspec.Struct, frozen=True):
    """English msgids; the catalogues translate them."""

    title: str
    next_step: str


def _text(title: str, next_step: str) -> ProblemText:
    return ProblemText(title, next_step)


TEXTS: Final[dict[str, ProblemText]] = {
    "bad-request": _text(N_("We could not read this request"), N_("Go back, reload the page and send it again.")),
    "invalid-input": _text(
        N_("Some answers need another look"), N_("Correct the marked answers and send the form again.")
    ),
    "bad-text": _text(
        N_("The text holds characters that cannot be stored"),
        N_("Remove pasted control characters or broken symbols and send it again."),
    ),
    "sign-in-required": _text(N_("Please sign in"), N_("Sign in again; what you were doing will open next.")),
    "not-allowed": _text(
        N_("Your role does not include this"), N_("Ask an administrator of your organisation for the role.")
    ),
    "csrf": _text(N_("This page is too old"), N_("Reload the page and send it again. Nothing was changed.")),
    "not-found": _text(N_("Nothing here"), N_("Check the address, or go to the start page and search from there.")),
    "gone": _text(N_("This link is no longer valid"), N_("Ask for a new link.")),
    "method-not-allowed": _text(
        N_("This address does not work that way"), N_("Open the page from the menu and use its buttons.")
    ),
    "conflict": _text(N_("Somebody else was faster"), N_("Reload the page to see what changed, then decide again.")),
    "duplicate-tag": _text(N_("There is such a tag already: %(name)s"), N_("Use the one that is there.")),
    "field-is-shipped": _text(N_("This field comes with Anxin"), N_("Define a field of your own beside it.")),
    "complaint-still-open": _text(
        N_("Complaint C-%(number)s is still open"),
        N_("Resolve it first, or say why the person's data should go all the same."),
    ),
    "request-ended": _text(N_("This request has ended already"), N_("Reload the page to see what became of it.")),
    "no-phone-to-ask": _text(
        N_("There is no phone on file"), N_("The own page asks for its last four digits: add the phone first.")
    ),
    "privacy-link-gone": _text(N_("This link is no longer valid"), N_("Ask the front desk for a new one.")),
    "too-large": _text(
        N_("That is too large"),
        N_("Go back: what you typed is still there. Then send fewer or smaller files, at most 60 MB together."),
    ),
    "consent-missing": _text(
        N_("Consent is missing: %(form)s"),
        N_("Hand the form over from the customer's page and let it be signed; then begin."),
    ),
    "consent-of-nobody": _text(
        N_("This consent must say who it is about"), N_("Ask the front desk for your own link, and sign there.")
    ),
    "consent-withdrawn": _text(
        N_("This consent was withdrawn already"), N_("Reload the page; to agree again, sign the form anew.")
    ),
    "consent-not-sealed": _text(
        N_("A consent is signed by a person"), N_("Open the form's own page, read it there and sign.")
    ),
    "too-many-tries": _text(N_("Too many tries"), N_("Wait a little and try again.")),
    "api-key-refused": _text(
        N_("This key opens nothing"),
        N_("Send a key in the header “Authorization: Bearer …”; administrators make one under API keys."),
    ),
    "idempotency-key-reused": _text(
        N_("This Idempotency-Key was sent before with other answers"), N_("Send new answers with a new key.")
    ),
    "too-many-requests": _text(
        N_("Too many requests in a short time"), N_("Wait until the time shown has passed, then send it again.")
    ),
    "too-many-sign-ins": _text(
        N_("Too many tries to sign in"), N_("Wait until the time shown has passed. Nobody needs to unlock you.")
    ),
    "sign-in-busy": _text(N_("Many people are signing in"), N_("Wait a few seconds and try again.")),
    "unavailable": _text(
        N_("A part of Anxin does not answer"),
        N_("Try again in a minute. What you typed was not lost by us: nothing was saved."),
    ),
    "internal": _text(
        N_("Something went wrong on our side"),
        N_("Nothing was saved. Try again; if it stays, tell us the reference."),
    ),
    "no-tenant": _text(
        N_("Something went wrong on our side"),
        N_("Nothing was saved. Try again; if it stays, tell us the reference."),
    ),
    "duplicate-login": _text(
        N_("Somebody already signs in with this"), N_("Use another phone number or mail address.")
    ),
    "last-administrator": _text(
        N_("Somebody must be able to give roles"), N_("Give another person the role first, then remove it here.")
    ),
    "form-link-expired": _text(
        N_("This form could be filled in until a day that has passed"), N_("Ask the branch for a new link.")
    ),
    "form-link-revoked": _text(N_("The branch took this link back"), N_("Ask the branch for a new link.")),
    "form-link-used": _text(
        N_("This form has been sent already"), N_("You need not do anything. To change something, ask the branch.")
    ),
    "form-not-offered": _text(
        N_("This form is not in use at the moment"), N_("Ask the branch how to tell them what they need to know.")
    ),
    "form-draft-changed": _text(
        N_("This form was changed on another device"), N_("Reload the page to see the newest answers, then go on.")
    ),
    "form-design-changed": _text(
        N_("Somebody else changed this form meanwhile"),
        N_("Reload the page to see the newest state, then make your change again. What was saved before is kept."),
    ),
    "form-design-conflict": _text(
        N_("These changes no longer fit the form"),
        N_("Open the form's design: each change that no longer fits is listed there with what you can do."),
    ),
    "form-design-same": _text(N_("This is in force already"), N_("You need not do anything.")),
    "form-key-clash": _text(
        N_("Two plugins ask the same thing under one name: %(first)s and %(second)s both bring %(key)s in %(form)s"),
        N_("Switch one of them off first, or ask their makers to agree on names."),
    ),
    "segment-changed": _text(
        N_("Somebody changed this segment meanwhile"), N_("Open it again to see how it is now, then change it.")
    ),
    "customer-merged": _text(
        N_("This customer is known under another record now"),
        N_("The two were merged. Search by name or phone to find the record that stayed."),
    ),
    "merge-grown": _text(
        N_("This merge has grown together"), N_("Take back what happened since first, then undo the merge.")
    ),
    "merge-too-old": _text(
        N_("A merge can be taken back for 30 days"), N_("Write down a new customer for the other person.")
    ),
    "merge-undone": _text(N_("Somebody took this merge back already"), N_("Reload the page to see both customers.")),
    "duplicate-customer": _text(
        N_("Perhaps you know this person already"), N_("Open the one who is there, or say that this is somebody else.")
    ),
    "customer-changed": _text(
        N_("Somebody changed this customer meanwhile"), N_("Reload the record, then make your change again.")
    ),
    "key-reused": _text(
        N_("Another bill was sent with this form"), N_("Look at the customer's timeline, then record it anew.")
    ),
    "nothing-to-refund": _text(
        N_("This purchase was taken back already"), N_("Look at the customer's timeline; nothing else is needed.")
    ),
    "prices-closed": _text(
        N_("This edition of the price list stays as it is"),
        N_("Begin a new draft, or publish an old edition again."),
    ),
    "visit-closed": _text(
        N_("This visit does not allow that now"),
        N_("Reload its page: it has ended, something is still going on, or something was done or billed already."),
    ),
    "procedure-closed": _text(N_("This procedure has moved on"), N_("Reload the visit's page to see where it stands.")),
    "papers-missing": _text(
        N_("A paper is missing"),
        N_(
            "Hand over the consent form or open the check on the visit's page; then begin. A check that advises against it must be done again."
        ),
    ),
    "estimate-changed": _text(
        N_("This estimate was answered or replaced meanwhile"), N_("Reload the page and look at the newest version.")
    ),
    "bill-closed": _text(N_("This bill does not allow that now"), N_("Reload the visit's page to see how it stands.")),
    "bill-over-estimate": _text(
        N_("The customer has to agree first"), N_("Give a new estimate, and let the customer accept it.")
    ),
    "bill-paid": _text(N_("This bill has been paid meanwhile"), N_("Reload the visit's page; nothing else is needed.")),
    "bill-link-expired": _text(
        N_("This page could be opened until a day that has passed"), N_("Ask the branch for a new link.")
    ),
    "bill-link-revoked": _text(N_("The branch took this link back"), N_("Ask the branch for a new link.")),
    "export-not-kept": _text(
        N_("This file is not there"), N_("It is still being written or no longer kept; write a new one.")
    ),
    "import-elsewhere": _text(N_("This import has moved on"), N_("Reload its page to see how far it is.")),
    "plugin-refused": _text(
        N_("The plugin %(title)s did not answer"),
        N_("Nothing was saved. Try again in a minute; if it stays, an administrator can switch it off under Plugins."),
    ),
    "plugin-fault": _text(
        N_("A plugin failed"), N_("It is tried again by itself; administrators see it under Plugins.")
    ),
    "plugin-broken": _text(
        N_("A plugin could not be loaded"), N_("The operator finds the file and the line in the log.")
    ),
    "invalid-calendar": _text(
        N_("These opening hours cannot be saved"), N_("Correct the marked times and save them again.")
    ),
    "never-due": _text(
        N_("This deadline would never come"), N_("The opening hours ahead are too few; add hours to the calendar.")
    ),
    "invalid-holiday-table": _text(
        N_("This table of holidays cannot be used"), N_("The operator corrects the file that is named in the log.")
    ),
    "instant-out-of-range": _text(N_("This date is too far away"), N_("Give a date that can be meant.")),
    "campaign-moved": _text(
        N_("This campaign has moved on"), N_("Reload its page to see what can be done with it now.")
    ),
    "interview-taken": _text(
        N_("Somebody else is calling this person"), N_("Take the next one; this one comes back if nobody calls.")
    ),
    "interview-over": _text(N_("This call is over"), N_("Look at its page for what came of it, or take the next one.")),
    "address-taken": _text(N_("This address is taken"), N_("Choose another address for your organisation.")),
    # Loyalty has words in a module of its own: add yours there.
    **{code: _text(*words) for code, words in LOYALTY.items()},
    **{code: _text(*words) for code, words in REPORTS.items()},
    **{code: _text(*words) for code, words in EVIDENCE.items()},
    **{code: _text(*words) for code, words in RULES.items()},
    **{code: _text(*words) for code, words in INTAKE.items()},
    **{code: _text(*words) for code, words in REMEDIES.items()},
    **{code: _text(*words) for code, words in CASEWORK.items()},
    **{code: _text(*words) for code, words in ROSTERS.items()},
    **{code: _text(*words) for code, words in WEBHOOKS.items()},
}

FIELD_TEXTS: Final[dict[str, str]] = {
    "required": N_("This is needed"),
    "unknown-field": N_("This form has no such field"),
    "wrong-form": N_("This does not have the expected form"),
    "bad-text": N_("Remove control characters or broken symbols"),
    "too-many-fields": N_("More than %(max)s fields"),
    "too-short": N_("At least %(min)s characters"),
    "too-long": N_("At most %(max)s characters"),
    "login-form": N_("Give a mobile number or a mail address"),
    "wrong-password": N_("This is not your current password"),
    "unknown-role": N_("There is no role %(role)s"),
    "unknown-branch": N_("There is no such branch"),
    "unknown-person": N_("There is no such person"),
    "slug-form": N_("3 to 40 small letters, digits and hyphens"),
    "id-or-phone": N_("Say who it is by id, or by phone and name, not both"),
    "in-the-past": N_("This moment has passed"),
    "not-confirmed": N_("Type %(word)s to confirm"),
    # Forms: the codes of the form engine, docs/guides/forms.md
    "type": N_("We could not read this; write it the way the hint says"),
    "option": N_("Choose one of the answers offered"),
    "min": N_("Not below %(min)s"),
    "max": N_("Not above %(max)s"),
    "min_length": N_("At least %(min)s characters"),
    "max_length": N_("At most %(max)s characters"),
    "pattern": N_("This does not have the expected form"),
    "date": N_("Write a date that exists, like 2026-03-02"),
    "future": N_("This day has not come yet"),
    "rows_min": N_("At least %(min)s entries"),
    "rows_max": N_("At most %(max)s entries"),
    "unknown": N_("This form has no such field"),
    "too_large": N_("That is too large"),
    "not_signed": N_("Please sign here"),
    # Files: the codes of core.files.rules
    "file_empty": N_("The file is empty; choose it again"),
    "photo_too_large": N_(
        "The file is larger than %(mb)s MB; take the photo in a lower quality, or send a smaller one"
    ),
    "file_kind": N_("Files of this kind are not taken; send a photo as JPEG, PNG or WebP"),
    "file_heic": N_(
        "This photo is in Apple's HEIC format; choose “Most Compatible” in the camera's settings, or send a screenshot of it"
    ),
    "file_svg": N_("Drawings in SVG can hold programs and are not taken; send a photo or a PNG"),
    "file_broken": N_("This picture is damaged; take it again"),
    "file_pixels": N_("The picture has more than %(max)s million pixels; take it in a lower resolution"),
    "file_later": N_("Too many files wait here just now; send the form without it, or try again tomorrow"),
    "file_gone": N_("This file was kept for a day and is gone; please choose it again"),
    "before-start": N_("This lies before the first day"),
    "after-the-end": N_("This is after the last day for it"),
    "range": N_("Between %(min)s and %(max)s"),
    "bad-phone": N_("Give a phone number that can be called"),
    "bad-choice": N_("Choose one of the answers offered"),
    "bad-date": N_("Write a date that exists, like 2026-03-02"),
    # Conditions and segments
    "unknown-condition-field": N_("A condition names a field that is not there: %(field)s"),
    "bad-count": N_("The number of a condition must lie between 1 and 1,000"),
    "bad-operator": N_("A field cannot be compared that way: %(field)s"),
    "bad-value": N_("A value does not fit its field: %(field)s"),
    "too-many-conditions": N_("At most %(max)s conditions"),
    "too-deep": N_("Groups may lie at most %(max)s deep"),
    "same-customer": N_("Choose two different customers"),
    # Customers and purchases
    "too-many": N_("At most %(max)s"),
    "unknown-kind": N_("No plugin of yours knows this kind"),
    # Profile and people's own data
    "bad-email": N_("Write an e-mail address, like wang@example.cn"),
    "bad-wechat": N_("A WeChat id has 6 to 20 letters, digits, - and _, and begins with a letter"),
    "bad-number": N_("Write a whole number"),
    "bad-field-key": N_("A key begins with x_ and has small letters, digits and _"),
    "taken": N_("There is one like this already"),
    "twice": N_("Each only once"),
    "unknown-tag": N_("There is no such tag; choose one of those offered"),
    "nobody-found": N_("Nobody found; write the full name or the phone"),
    "several-found": N_("Several people fit; write the phone"),
    "in-the-future": N_("This day has not come yet"),
    "too-old": N_("Not before the year %(min)s"),
    "before-birth": N_("This is before the date of birth"),
    "not-positive": N_("Give an amount above zero"),
    "sum-differs": N_("The lines do not add up to the amount"),
    "bad-key": N_("Reload the page and send the form again"),
    "amount-unknown": N_("“%(value)s” is no amount; write 1200 or 1200.50"),
    "amount-negative": N_("“%(value)s” is below zero; take a purchase back in the timeline instead"),
    "amount-decimals": N_("“%(value)s” has more than two decimals"),
    "amount-too-large": N_("“%(value)s” is more than anybody spends"),
    # Prices, estimates and bills
    "not-on-list": N_("The price list has nothing of that code or name; what is not on it cannot be charged"),
    "quantity-range": N_("Give a quantity above 0 and not above %(max)s"),
    "discount-range": N_("Not more than the line comes to"),
    "price-code": N_("Letters, digits, dot and hyphen; it begins with a letter or digit"),
    "code-twice": N_("This code stands twice in the table"),
    "price-range": N_("A price from 0 to %(max)s yuan"),
    "price-unread": N_("This is no price; write 68 or 68.50"),
    "price-decimals": N_("More than two decimals"),
    "member-price-above": N_("The member price is above the price"),
    "prices-empty": N_("Put an item in first"),
    "too-far-ahead": N_("More than a year ahead"),
    "not-explained": N_("Explain the lines to the customer first"),
    "more-than-due": N_("More than is to be paid"),
    "refund-range": N_("Not more than is left of this line"),
    # Imports: the codes of core.imports.rules.files
    "file-empty": N_("The file is empty"),
    "file-too-large": N_("The file is larger than %(max)s MB; split it into two"),
    "not-a-list": N_("This is neither a CSV nor an Excel file; export the list again"),
    "file-broken": N_("The file is damaged; export it again, or save it anew in a spreadsheet"),
    "file-protected": N_("The workbook is protected by a password; save it without one"),
    "file-unpacks-too-large": N_(
        "The workbook unpacks to far more than a list needs; save only the sheet with the list"
    ),
    "wrong-encoding": N_(
        "Line %(line)s cannot be read as %(encoding)s; choose another encoding, most often GB18030 or UTF-8"
    ),
    "unknown-encoding": N_(
        "No encoding fits this file; open it in a spreadsheet and save it as “CSV UTF-8” or as xlsx"
    ),
    "text-lost": N_(
        "The Chinese text was lost when this file was saved with the wrong encoding; export it again from the old system"
    ),
    "too-many-rows": N_("More than %(max)s rows; split the file"),
    "too-many-columns": N_("More than %(max)s columns; remove what is not about customers"),
    "no-header": N_("No row with headings was found"),
    "nothing-to-export": N_("Nobody matches; choose another filter"),
    "unknown-column": N_("There is no such column"),
    "nothing-to-import": N_("No row can be imported; download the error file, correct it and take it in again"),
    "name-not-mapped": N_("One column must be the customer's name"),
    "mapped-twice": N_("Two columns go to the same place"),
    "unknown-target": N_("A column goes to a place that does not exist"),
    "pet-name-not-mapped": N_("Columns about pets need one with the pet's name"),
    "span": N_("The end must come after the start"),
    **REMEDY_FIELDS,
    **EVIDENCE_FIELDS,
    **CASEWORK_FIELDS,
    **ROSTER_FIELDS,
    **WEBHOOK_FIELDS,
    **RULES_FIELDS,
    **INTAKE_FIELDS,
    **LOYALTY_FIELDS,
}

BY_STATUS: Final[dict[int, str]] = {
    400: "bad-request",
    401: "sign-in-required",
    403: "not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    409: "conflict",
    410: "gone",
    413: "too-large",
    415: "bad-request",
    422: "invalid-input",
    429: "too-many-tries",
    503: "unavailable",
}


def text_of(code: str, status: int) -> ProblemText:
    """Return the words of a code; a code of a plugin that has none gets those of its status."""
    return TEXTS.get(code) or TEXTS[BY_STATUS.get(status, "internal")]


def field_text(code: str) -> str:
    """Return the msgid for a refused value; a problem of the whole may also be shown at the field it is about."""
    if code in FIELD_TEXTS:
        return FIELD_TEXTS[code]
    return TEXTS[code].title if code in TEXTS else FIELD_TEXTS["wrong-form"]
