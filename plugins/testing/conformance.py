"""Checks one plugin against the rules of the API and returns every finding with the id of its rule (plugins/testing/findings.py)."""

from core.hooks.loader import Candidate
from plugins.testing.declaring import check_declarations
from plugins.testing.extras import check_extras
from plugins.testing.findings import Finding
from plugins.testing.importing import check_import
from plugins.testing.isolation import check_isolation, check_rights, check_settings
from plugins.testing.project import Project, as_aimed, make_importable
from plugins.testing.sense import check_promises
from plugins.testing.source import check_source
from plugins.testing.subject import Subject, load
from plugins.testing.tables import check_migrations


def load_subject(candidate: Candidate) -> Subject | Finding:
    """Load a plugin alone; one that does not load is a finding."""
    host = load(candidate)
    status = host.status()[0]
    if status.state != "loaded" or status.plugin is None:
        return Finding("L1", f"{status.state}: {status.reason}".strip(), status.where)
    return Subject(candidate, host, status.plugin)


def conformance(candidate: Candidate) -> tuple[Finding, ...]:
    """Return what is wrong with what a plugin declares; a plugin that does not load has one finding."""
    subject = load_subject(candidate)
    if isinstance(subject, Finding):
        return (subject,)
    return (
        *check_declarations(subject),
        *check_settings(subject),
        *check_isolation(subject),
        *check_rights(subject),
        *check_promises(subject),
    )


def check_project(project: Project) -> tuple[Finding, ...]:
    """Return all that can be found in a vendor's folder without a database, exemptions marked."""
    make_importable(project)
    candidate = project.candidate
    source = tuple(check_source(candidate))
    subject = load_subject(candidate)
    if isinstance(subject, Finding):
        return as_aimed(project, (subject, *source))
    found = (
        *source,
        *check_import(candidate, subject.plugin.modules),
        *check_declarations(subject, project.release),
        *check_settings(subject),
        *check_isolation(subject),
        *check_rights(subject),
        *check_migrations(subject),
        *check_promises(subject),
        *check_extras(subject, project.folder),
    )
    return as_aimed(project, found)
