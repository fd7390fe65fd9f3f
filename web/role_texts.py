"""The names of roles and permissions in the reader's language; the codes and what they allow stand in tenants/roles.py."""

from typing import Final

from web.i18n import N_, gettext

ROLE_NAMES: Final = {
    "director": N_("Clinic director"),
    "tenant_admin": N_("Administrator"),
    "team_leader": N_("Complaint team leader"),
    "service_supervisor": N_("Customer service supervisor"),
    "senior_doctor": N_("Senior doctor"),
    "head_nurse": N_("Head nurse"),
    "admin_officer": N_("Administrative officer"),
    "doctor": N_("Doctor"),
    "front_desk": N_("Front desk"),
    "legal_counsel": N_("Legal counsel"),
}


def role_name(code: str) -> str:
    """Return what people call the role; a role of an old release keeps its code."""
    return gettext(ROLE_NAMES[code]) if code in ROLE_NAMES else code
