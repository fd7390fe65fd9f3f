"""The words of loyalty's problems, by code; `web/problem_texts/__init__.py` joins them to the others."""

from typing import Final

from web.i18n import N_

LOYALTY: Final[dict[str, tuple[str, str]]] = {
    # Points and tiers: the codes of core.loyalty.rules.refusals
    "not-enough-points": (
        N_("There are fewer points than that"),
        N_("Take fewer, or ask what points would pay first."),
    ),
    "no-redeem-rule": (
        N_("This member cannot pay with points today"),
        N_("The rules in force name no price of points for this tier and day."),
    ),
    "not-whole-steps": (N_("Points are spent in whole steps"), N_("Take a multiple of the step that the rules name.")),
    "below-minimum": (N_("That is fewer points than the least"), N_("Take at least what the rules ask for.")),
    "above-maximum": (N_("That is more points than may go at once"), N_("Take at most what the rules allow.")),
    "bill-too-small": (N_("The bill is too small to pay with points"), N_("Take the money instead.")),
    "above-bill-share": (
        N_("Points may pay for a part of the bill only"),
        N_("Take fewer, or ask what points would pay first."),
    ),
    "unknown-purchase": (N_("There is no such purchase"), N_("Check the key or the id that it was recorded with.")),
    "refund-too-large": (N_("That is more than is left of the purchase"), N_("Refund at most what was paid for it.")),
    "unknown-redemption": (
        N_("Nothing was paid with points under this key"),
        N_("Check the key that the points were taken with."),
    ),
    "nothing-to-give-back": (N_("All points were given back already"), N_("Look at the movements of the account.")),
    "no-event-rule": (
        N_("No rule gives points for this"),
        N_("The rules in force do not name this event for this member."),
    ),
    "event-limit": (
        N_("This has earned as often as it may"),
        N_("The rule of this event has a limit, or is not for this member."),
    ),
    "points-refused": (
        N_("The rules do not allow that with points"),
        N_("Look at the movements of the account and at the rules in force."),
    ),
    "needs-approval": (
        N_("That is more than your role may give by itself"),
        N_("Give less, or ask somebody whose limit is higher to give it."),
    ),
    "complaint-credited": (
        N_("This complaint was credited with as much as one complaint may be"),
        N_("Give what is left, or change the limit under “Loyalty rules”."),
    ),
    # Programs: the codes of core.programs.refusals
    "program-none": (
        N_("No program is offered here"),
        N_("Switch a plugin with loyalty rules on, or pick another program."),
    ),
    "program-draft-changed": (
        N_("Somebody else changed the draft meanwhile"),
        N_("Nothing was saved. Open the draft again, compare, and put your change in once more."),
    ),
    "program-no-draft": (N_("There is no draft any more"), N_("It was published or thrown away; begin another one.")),
    "program-not-pending": (N_("Nobody asked for approval"), N_("Ask for approval of the draft as it stands now.")),
    "program-same": (N_("These rules are in force already"), N_("Change something before you publish.")),
    "program-effect-not-seen": (
        N_("The effect of these rules has not been shown yet"),
        N_("Try the draft as it stands now, look at its effect, then publish."),
    ),
    "program-lowers-tiers": (
        N_("Members would lose their tier"),
        N_("Look who they are, and say that it is meant before you publish."),
    ),
    "program-version-planned": (
        N_("Another version is planned to begin later"),
        N_("Call it back first; otherwise it would end this one."),
    ),
    "program-version-begun": (
        N_("This version has begun"),
        N_("It cannot be called back; publish an older one again."),
    ),
    "program-needs-approver": (
        N_("Another person must approve this"),
        N_("Ask for approval instead of publishing."),
    ),
    "program-same-person": (
        N_("Whoever changed or asked cannot approve"),
        N_("Let another person look at it."),
    ),
    # Coupons: the codes of core.rewards.errors
    "unknown-coupon": (N_("No coupon has this code"), N_("Look at it again, sign by sign, or scan it.")),
    "unknown-template": (N_("No such coupon is given out"), N_("Use a template that the rules in force have.")),
    "template-limit": (
        N_("All coupons of this kind are given out"),
        N_("Raise the limit in the rules, or give another."),
    ),
    "customer-limit": (N_("This member has as many of these as allowed"), N_("Give another kind of coupon.")),
    "coupon-used": (N_("This coupon is used up"), N_("Look at the member's other coupons.")),
    "coupon-void": (N_("This coupon was made void"), N_("Look at the member's other coupons.")),
    "coupon-expired": (N_("This coupon's last day is over"), N_("Issue a new one if you want to be kind.")),
    "coupon-not-yet": (N_("This coupon's first day has not come"), N_("Use it from its first day on.")),
    "coupon-of-another": (N_("This coupon belongs to somebody else"), N_("It cannot be handed on.")),
    "coupon-below-minimum": (
        N_("The bill is too small for this coupon"),
        N_("Its terms say from which amount it counts."),
    ),
    "coupon-not-for-this": (N_("Nothing on the bill is what this coupon counts for"), N_("Look at its terms.")),
    "coupon-stack": (N_("Another coupon of this kind is on the bill already"), N_("Use one of them another time.")),
    # Credits that wait, and cards
    "credit-decided": (N_("This credit was decided already"), N_("Reload the page to see what became of it.")),
    "own-credit": (N_("You asked for this credit yourself"), N_("Somebody else has to look at it.")),
    "member-card-gone": (
        N_("This card is no longer valid"),
        N_("The front desk makes you a new one at once; your points are safe."),
    ),
    # Customers who stay away
    "churn-case-closed": (
        N_("This case of a customer at risk is closed"),
        N_("Open a new one on the customer's page when there is something to do."),
    ),
    "churn-case-open": (
        N_("This household has an open case already"),
        N_("Write what you noticed into that one."),
    ),
    "winback-held-out": (
        N_("This household is in the comparison group"),
        N_("Call as usual, without a gift: the comparison shows what offers are worth."),
    ),
    "winback-none": (
        N_("There is nothing to offer here"),
        N_("The offer was given already, or no win-back rule is live."),
    ),
    # Referrals, reviews, birthdays
    "no-referral-rule": (
        N_("Nothing is promised for invitations at the moment"),
        N_("Switch a referral rule on under “Loyalty rules”, or wait until its days come."),
    ),
    "already-invited": (
        N_("This customer came through an invitation already"),
        N_("The first invitation counts; nothing was changed."),
    ),
    "referral-decided": (
        N_("This referral was decided already, or went on by itself"),
        N_("Reload the page to see where it stands."),
    ),
    "no-review-rule": (
        N_("Reviews are not rewarded at the moment"),
        N_("Switch a rule on under “Loyalty rules”, or wait until its days come."),
    ),
    "review-decided": (N_("This review was decided already"), N_("Reload the page to see what became of it.")),
    "review-of-yourself": (
        N_("Somebody else has to decide this review"),
        N_("It is about you, or you filed it at the desk. Ask a colleague."),
    ),
    "review-link-over": (N_("This link is no longer valid"), N_("Ask the front desk for a new one.")),
    "gift-handed": (
        N_("This birthday's gift was handed out already"),
        N_("It may have been fetched under another record of the same pet or household."),
    ),
    "gift-over": (
        N_("This gift cannot be fetched now"),
        N_("Its days have not come or are over, or the animal is no longer alive."),
    ),
    # Benefits, and what is chosen for a bill
    "coupon-refused": (N_("This coupon cannot be used here"), N_("Look at its terms on the coupon's page.")),
    "benefit-refused": (N_("This benefit cannot be used here"), N_("Look at the customer's benefits.")),
    "unknown-service": (
        N_("The rules promise this customer no such service"),
        N_("Look at the customer's benefits: they follow from the tier and the period."),
    ),
    "quota-used": (N_("The benefit is used up for this period"), N_("The next period brings it again.")),
    "benefit-period-over": (N_("The benefit's period does not hold today"), N_("Look at the customer's benefits.")),
    "benefit-needs-subject": (N_("This benefit belongs to each pet"), N_("Say for which pet it is used.")),
    "bill-choice-refused": (
        N_("Something chosen for this bill takes nothing off"),
        N_("Take it off the bill, then go on."),
    ),
    "bill-choice-taken": (N_("This is on the bill already"), N_("Take it off first to choose it for another line.")),
    "bill-price-moved": (
        N_("Points pay another amount now than when the bill became final"),
        N_("Void the bill and write it again: the rules changed in between."),
    ),
    # Campaigns
    "campaign-budget-spent": (
        N_("This campaign has given all that it may"),
        N_("Raise its budget under “Loyalty rules”, or go on without it."),
    ),
}
"""Title and next step of each code."""

LOYALTY_FIELDS: Final[dict[str, str]] = {
    # Referrals and reviews
    "unknown-referral-code": N_("Nobody invites with this code; listen again, or scan it"),
    "own-code": N_("This is the customer's own code"),
    "must-agree": N_("Please agree first"),
    "link-or-picture": N_("Paste the link of the review"),
    "no-link": N_("There is no link in this text; share the review in the app and paste what it copies"),
    "other-platform": N_("This link is not of the platform you chose"),
    "review-too-soon": N_("The last review there is less than %(days)s days old; the next counts from %(day)s"),
    "visit-claimed": N_("A review of this visit was shown already"),
    # Drafts of programs and the day from which a version holds
    "too-far": N_("At most %(max)s days ahead"),
    "two-ladders": N_("Only one ladder of tiers may be in use"),
    "rule-id-taken": N_("Another rule has this id"),
    "other-program": N_("These are the rules of another program"),
    # Bodies of the API and what is typed at the points desk
    "points-not-whole": N_("Points are a whole number"),
    "points-not-positive": N_("Give a number above zero"),
    "points-too-large": N_("That is more points than anybody can have"),
    "fen-not-whole": N_("Amounts are whole numbers of fen"),
    "fen-not-positive": N_("Give an amount above zero"),
    "fen-too-large": N_("That is more than anybody spends"),
    "lines-differ": N_("The lines do not add up to the amount"),
    "bad-case": N_("This case cannot be played: %(text)s"),
    "bad-time": N_("Write a date or a time like 2026-03-02T09:30:00+08:00"),
    "key-differs": N_("The Idempotency-Key of the header and the key of the body differ"),
    "bad-once-key": N_("A key has 1 to 60 letters, digits, _ . : and -"),
    "key-or-id": N_("Name the purchase by its key or by its id"),
    "unknown-tier": N_("The ladder has no such tier"),
    "bad-pin": N_("The last day must not have passed"),
}
"""Words for a refused value at its field."""
