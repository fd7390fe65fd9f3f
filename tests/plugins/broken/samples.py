"""One deliberately broken plugin per rule: what differs from a good one, by file below the package."""

from typing import Final

HEAD: Final = "import asyncio, itertools, sys, time\nimport msgspec\nfrom plugins.api import *\n"
TABLE: Final = """
    CREATE TABLE x_@ID@_thing (
      tenant_id uuid NOT NULL, thing_id uuid NOT NULL, customer_id uuid, number text NOT NULL,
      PRIMARY KEY (tenant_id, thing_id)
    )"""
MIGRATION: Final = '''"""The table."""
from alembic import op
revision = "@ID@_0001"
down_revision = None
branch_labels = None
depends_on = None
def upgrade():
    op.execute("""@TABLE@""")
    op.execute("SELECT app.protect('x_@ID@_thing')")
'''
CATEGORY: Final = "@hookimpl\ndef complaint_categories():\n    return (Category(id='a', label=both('甲', 'A')),)\n"
KEEPS: Final = """
from sqlalchemy import text
@hookimpl
async def export_customer(ctx, customer_id):
    found = await ctx.session.execute(text("SELECT number FROM x_@ID@_thing WHERE customer_id = :id"), {"id": customer_id})
    rows = tuple({"number": number} for (number,) in found)
    return (ExportPart(title=both('物', 'Things'), rows=rows),)
@hookimpl
def demo_data():
    row = SeedRow(table='x_@ID@_thing', values={'thing_id': '5eed0000-0000-4000-8000-000000000001', 'customer_id': '$customer', 'number': '1'})
    return (Seed(id='wang', full_name='王芳', rows=(row,)),)
"""
INSERT: Final = """
from sqlalchemy import text
async def enter(ctx, key, number):
    values = {"tenant": ctx.tenant_id, "key": key, "number": number}
    await ctx.session.execute(text("INSERT INTO x_@ID@_thing (tenant_id, thing_id, number) VALUES (:tenant, :key, :number)"), values)
"""

# Rule -> the module `hooks`; the names are looked for by `anxin plugin check` without a database.
STATIC: Final[dict[str, str]] = {
    "L1": "raise SystemExit(3)",
    "L2": "time.sleep(0.35)",
    "L3": "open(__file__ + '.seen', 'w').close()",
    "L4": "from sqlalchemy import create_engine",
    "D1": "_n = itertools.count()\n@hookimpl\ndef complaint_categories():\n    return (Category(id=f'c{next(_n)}', label=both('甲', 'A')),)",
    "D2": "@hookimpl\ndef complaint_categories():\n    return (Category(id='c', label='只有中文'),)",
    "D3": "@hookimpl\ndef complaint_categories():\n    return (Category(id='With Spaces', label=both('甲', 'A')),)",
    "D4": "@hookimpl\ndef intake_forms():\n    return (Form(id='f', title=both('表', 'Form'), fields=(TextField(key='age', label=both('年龄', 'Age')),)),)\n"
    "@hookimpl\ndef demo_data():\n    return (Seed(id='wang', full_name='王芳'),)",
    "S2": "@hookimpl\ndef check_settings(settings):\n    return (SettingProblem(path='', code='never'),)",
    "I3": "seen = []\n@hookimpl\ndef complaint_categories():\n    seen.append(1)\n    return (Category(id='a', label=both('甲', 'A')),)",
    "P1": "@hookimpl\ndef permissions():\n    return (Permission(id='look', label=both('看', 'Look'), roles=('king',)),)",
    "B1": "@hookimpl\nasync def panels(place):\n    time.sleep(0.2)\n    return ()",
    "V1": """@hookimpl
def complaint_policies():
    return tuple(
        Policy(severity=level, label=both('级', 'L'), roles=(DutyRole(code='r', label=both('人', 'R')),),
               milestones=(Milestone(id='m', label=both('步', 'M'), owner_role='r', minutes=minutes),))
        for level, minutes in (('L1', 30), ('L2', 60)))""",
    "T1": "import smtplib",
    "X1": "@hookimpl\ndef intake_forms():\n    return (Form(id='f', title=both('表', 'Form'), fields=(TextField(key='age', label=both('年龄', 'Age')),)),)",
}
# Found by asking the hooks.
ASKED: Final[dict[str, str]] = {
    "F1": "@hookimpl\nasync def panels(place, record):\n    return (Panel(id='p', title=record.intakes[0].form),)",
    "F3": "@hookimpl\nasync def assess_complaint(complaint):\n    return 'L3'",
    "B1": "def nap():\n    time.sleep(0.25)\n@hookimpl\nasync def panels(place):\n    nap()\n    return ()",
    "B2": "@hookimpl\nasync def panels(place):\n    await asyncio.sleep(5)\n    return ()",
    "I3": "seen = []\n@hookimpl\nasync def panels(place):\n    seen.append(place)\n    return ()",
    "T2": "@hookimpl\nasync def assess_complaint(ctx, complaint):\n    return None if ctx.trial else Assessment(severity='L1')",
    "V2": "@hookimpl\nasync def assess_complaint(complaint):\n    return Assessment(severity='L1' if '死' in complaint.text else 'L3')",
    "F2": "@hookimpl\nasync def panels(ctx, place):\n    try:\n        async with ctx.reader():\n            pass\n    except Exception:\n        pass\n    return ()",
}
# Faults that are a fault of F1, however they come.
FAULTS: Final[dict[str, str]] = {
    "exits": "@hookimpl\nasync def panels(place):\n    sys.exit(3)",
    "cancels": "@hookimpl\nasync def panels(place):\n    raise asyncio.CancelledError",
}
# Found with the tables migrated.
WITH_TABLES: Final[dict[str, str]] = {
    "E1": INSERT
    + "@hookimpl\nasync def on_event(ctx, event):\n    import uuid\n    await enter(ctx, uuid.uuid4(), event.number)",
    "E2": INSERT
    + "@hookimpl\nasync def on_event(ctx, event):\n    known = (await ctx.session.execute(text('SELECT count(*), count(*) FILTER (WHERE thing_id = :id) FROM x_@ID@_thing'), {'id': event.event_id})).one()\n"
    "    if not known[1]:\n        await enter(ctx, event.event_id, f'{known[0] + 1}. {event.number}')",
    "M4": KEEPS
    + "@hookimpl\nasync def erase_customer(ctx, customer_id):\n    return ErasureReceipt(erased={'x_@ID@_thing': 1})",
}
