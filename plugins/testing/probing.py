"""All rules at once: the folder without a database, then the plugin's hooks and tables with one."""

from functools import partial

from core.db import Database
from plugins.testing.asking import check_answers
from plugins.testing.conformance import check_project, load_subject
from plugins.testing.findings import Finding
from plugins.testing.project import Project, as_aimed
from plugins.testing.subject import A, Subject
from plugins.testing.tables import check_tables


async def check_at_work(project: Project, database: Database) -> tuple[Finding, ...]:
    """Return every finding; `database` is migrated, also with the plugin's own branch, and thrown away afterwards."""
    found = check_project(project)
    subject = load_subject(project.candidate)
    if not isinstance(subject, Subject):
        return found
    answers = await check_answers(subject, partial(database.session, A, read_only=True), project.complaints)
    tables = await check_tables(subject, database)
    return as_aimed(project, (*found, *answers, *tables))
