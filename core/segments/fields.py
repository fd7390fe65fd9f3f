"""The catalogue of a tenant: what conditions may say about its customers, and where each value stands in the database."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    FromClause,
    Numeric,
    Text,
    and_,
    case,
    cast,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import distinct_on

from core.complaints.models import Complaint
from core.conditions.rules.catalogue import Catalogue, make_catalogue
from core.conditions.statements import Bindings, Lookup, Source, Summed
from core.contacts.models import ContactConsent
from core.contacts.rules import PURPOSES
from core.customers.models import Customer, CustomValue, Subject
from core.customers.queries import get_subject_types
from core.db import table_of
from core.hooks.records.conditions import CollectionFacts, FieldFacts, ValueKind
from core.hooks.records.customers import SubjectType
from core.hooks.records.forms import BoolField, ChoiceField, DateField, Field, NumberField, TextField
from core.hooks.records.loyalty.points import TierLadder
from core.hooks.records.text import Text as Words
from core.hooks.records.text import both
from core.loyalty.models import LoyaltyAccount, Purchase
from core.profiles.models import CustomerTag, CustomerTagging
from core.profiles.queries import list_fields, list_tags
from core.profiles.rules import OwnField
from core.programs.queries import get_ladder
from core.tenancy.queries import list_branches
from core.uow import Reader
from core.visits.models import Visit

_C, _S, _V = table_of(Customer), table_of(Subject), table_of(CustomValue)
_A, _P, _B = table_of(LoyaltyAccount), table_of(Purchase), table_of(Complaint)
_G, _T, _N, _I = table_of(CustomerTagging), table_of(CustomerTag), table_of(ContactConsent), table_of(Visit)

# Own design: the windows in which sums are asked for; days, today included.
WINDOWS: Final = (30, 90, 365)
_KIND_OF: Final[dict[type[Any], ValueKind]] = {
    TextField: "text",
    NumberField: "decimal",
    DateField: "date",
    ChoiceField: "choice",
    BoolField: "bool",
}
_OWN_KIND: Final[dict[str, ValueKind]] = {
    "text": "text",
    "number": "decimal",
    "date": "date",
    "bool": "bool",
    "choice": "choice",
}
_CORE_SUBJECT: Final = frozenset({"species", "breed", "sex", "birthday", "chip", "neutered"})
_NUMBER: Final = r"^-?[0-9]{1,15}(\.[0-9]{1,9})?$"
RECORD, PETS = both("客户资料", "Record"), both("宠物与家人", "Pets and people")
MONEY, VISITS = both("消费", "Spending"), both("到店与投诉", "Visits and complaints")
OWN, CONSENT = both("自定义字段", "Own fields"), both("授权", "Permissions")
_PURPOSE: Final[dict[str, Words]] = {
    "service": both("同意服务联系", "Allows contact about service"),
    "survey": both("同意满意度调查", "Allows surveys"),
    "marketing": both("同意营销信息", "Allows marketing"),
    "research": both("同意用于研究", "Allows research"),
    "health_data": both("同意使用健康信息", "Allows use of health data"),
}


async def get_fields(reader: Reader) -> tuple[Catalogue, Bindings]:
    """Return what this tenant's conditions may name, and where it stands; a few small reads."""
    own = await list_fields(reader)
    kinds = get_subject_types(reader)
    label = kinds[0].label if len(kinds) == 1 else PETS
    pets = CollectionFacts(name="pet", label=label, fields=(*_pet_fields(kinds), *_own("pet", own, "subject", kinds)))
    tags = tuple((tag.name, tag.name) for tag in await list_tags(reader))
    tag = CollectionFacts(
        name="tag",
        label=both("标签", "Tags"),
        fields=(FieldFacts(name="tag.name", label=both("标签", "Tag"), kind="choice", options=tags),),
    )
    collections = (*((pets,) if kinds else ()), tag)
    branches = tuple((str(one.branch_id), one.name) for one in await list_branches(reader))
    ladder = await get_ladder(reader)
    fields = (*_record_fields(ladder, branches, kinds), *_sum_fields(), *_own("own", own, "customer", ()), *_consents())
    customers = Source(
        table=_C,
        key=_C.c.customer_id,
        where=(_C.c.tenant_id == reader.tenant_id, _C.c.state == "active"),
        columns=_record_columns(reader),
        lookups=_sums(reader, ladder) | _values(reader, "customer", "own", own, _C.c.customer_id) | _answers(reader),
    )
    sources: dict[str, Callable[[], Source]] = {"tag": lambda: _tags(reader)}
    summed = {}
    if kinds:
        sources["pet"] = lambda: _pets(reader, kinds, own)
        summed["pets_since"] = Summed("pet", lambda pets: func.least(pets.c.born, _day(reader, pets.c.noted)))
    return make_catalogue(fields, collections), Bindings(customers, sources, summed)


def _record_fields(
    ladder: TierLadder | None, branches: tuple[tuple[str, Words], ...], kinds: Sequence[SubjectType]
) -> tuple[FieldFacts, ...]:
    genders = (("female", both("女士", "Ms")), ("male", both("先生", "Mr")))
    sources = (
        ("import", both("导入", "Import")),
        ("customer", both("客户自己", "The customer")),
        ("staff", both("员工", "Staff")),
    )
    fields = [
        _field("gender", both("称谓", "Form of address"), "choice", RECORD, options=genders),
        _field("branch", both("所属门店", "Branch"), "choice", RECORD, options=branches),
        _field("source", both("来源", "Written down by"), "choice", RECORD, options=sources),
        _field("member_no", both("会员号", "Member number"), "text", RECORD),
        _field("phone", both("电话", "Phone"), "text", RECORD),
        _field("since", both("建档日期", "Customer since"), "date", RECORD),
        _field("last_visit_on", both("最近到店", "Last visit"), "date", VISITS),
    ]
    if ladder is not None:
        tiers = tuple((tier.code, tier.label) for tier in ladder.tiers)
        fields.append(_field("tier", both("会员等级", "Tier"), "choice", MONEY, options=tiers))
    if any(_find(kind, "species") for kind in kinds):
        fields.append(_field("pets_since", both("最早养宠日期", "Keeps pets since"), "date", PETS))
    return tuple(fields)


def _sum_fields() -> tuple[FieldFacts, ...]:
    yuan = both("元", "yuan")
    spent = [_field("spent_all", both("累计消费", "Spent in all"), "money", MONEY, unit=yuan)]
    counted = []
    for days in WINDOWS:
        spent.append(
            _field(f"spent_{days}d", both(f"近 {days} 天消费", f"Spent in {days} days"), "money", MONEY, unit=yuan)
        )
        label = both(f"近 {days} 天消费次数", f"Purchases in {days} days")
        counted.append(_field(f"purchases_{days}d", label, "int", MONEY))
    return (
        *spent,
        *counted,
        _field("last_purchase_on", both("最近消费", "Last purchase"), "date", MONEY),
        _field("visits_365d", both("近 365 天就诊次数", "Visits in 365 days"), "int", VISITS),
        _field("complaints_365d", both("近 365 天投诉次数", "Complaints in 365 days"), "int", VISITS),
        _field("complaints_open", both("未结投诉", "Open complaints"), "int", VISITS),
    )


def _field(
    name: str,
    label: Words,
    kind: ValueKind,
    group: Words,
    *,
    unit: Words = "",
    options: tuple[tuple[str, Words], ...] = (),
    sensitive: bool = False,
) -> FieldFacts:
    return FieldFacts(name=name, label=label, kind=kind, group=group, unit=unit, options=options, sensitive=sensitive)


def _consents() -> tuple[FieldFacts, ...]:
    return tuple(_field(f"allows_{one}", _PURPOSE.get(one, one), "bool", CONSENT) for one in PURPOSES)


def _pet_fields(kinds: Sequence[SubjectType]) -> tuple[FieldFacts, ...]:
    """What every subject has, with the options of the plugins' own words, and what only some kinds have."""
    species = tuple(option for kind in kinds for option in _options(_find(kind, "species")))
    sexes = tuple(option for kind in kinds[:1] for option in _options(_find(kind, "sex")))
    declared = {field.key for kind in kinds for field in kind.fields}
    declared |= {"neutered"} if "species" in declared else set()
    every = (
        _field("pet.kind", both("类别", "Kind"), "choice", PETS, options=tuple((one.id, one.label) for one in kinds)),
        _field("pet.species", both("种类", "Species"), "choice", PETS, options=species),
        _field("pet.breed", both("品种", "Breed"), "text", PETS),
        _field("pet.sex", both("性别", "Sex"), "choice", PETS, options=sexes),
        _field("pet.birthday", both("出生日期", "Date of birth"), "date", PETS),
        _field("pet.neutered", both("已绝育", "Neutered"), "bool", PETS),
        _field("pet.chip", both("芯片号", "Chip number"), "text", PETS),
        _field("pet.since", both("建档日期", "On record since"), "date", PETS),
    )
    plain = [one for one in every if one.name.removeprefix("pet.") in declared | {"kind", "since"}]
    for kind in kinds:
        for field in kind.fields:
            if field.key not in _CORE_SUBJECT and type(field) in _KIND_OF:
                unit = field.unit or "" if isinstance(field, NumberField) else ""
                plain.append(
                    _field(f"pet.{field.key}", field.label, _KIND_OF[type(field)], PETS, unit=unit,
                           options=_options(field), sensitive=True)
                )  # fmt: skip
    return tuple(plain)


def _own(prefix: str, own: Sequence[OwnField], entity: str, kinds: Sequence[SubjectType]) -> tuple[FieldFacts, ...]:
    taken = {field.key for kind in kinds for field in kind.fields}
    return tuple(
        _field(f"{prefix}.{one.key}", one.label, _OWN_KIND[one.kind], OWN, options=one.options)
        for one in own
        if one.entity_type == entity and one.key not in taken
    )


def _find(kind: SubjectType, key: str) -> Field | None:
    return next((field for field in kind.fields if field.key == key), None)


def _options(field: Field | None) -> tuple[tuple[str, Words], ...]:
    return tuple((one.value, one.label) for one in field.options) if isinstance(field, ChoiceField) else ()


def _day(reader: Reader, moment: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(func.timezone(reader.scope.timezone, moment), Date)


def _record_columns(reader: Reader) -> dict[str, ColumnElement[Any]]:
    return {
        "gender": _C.c.gender,
        "branch": cast(_C.c.branch_id, Text),
        "source": _C.c.source,
        "member_no": _C.c.member_no,
        "phone": _C.c.phone_e164,
        "since": _day(reader, _C.c.created_at),
        "last_visit_on": _C.c.last_visit_on,
    }


def _grouped(
    reader: Reader, table: Any, columns: Sequence[ColumnElement[Any]], *where: ColumnElement[bool]
) -> FromClause:
    mine = (table.c.tenant_id == reader.tenant_id, table.c.customer_id.is_not(None), *where)
    return select(table.c.customer_id, *columns).where(*mine).group_by(table.c.customer_id).subquery()


def _same(other: FromClause) -> ColumnElement[bool]:
    return other.c.customer_id == _C.c.customer_id


def _sums(reader: Reader, ladder: TierLadder | None) -> dict[str, Lookup]:
    """Each table is read once for everybody, whatever its fields are asked for."""
    lowest = ladder.tiers[0].code if ladder else None

    def here(other: FromClause) -> ColumnElement[bool]:
        return and_(other.c.tenant_id == reader.tenant_id, _same(other))

    year = _since(reader, 365)
    found = {
        "spent_all": Lookup("account", lambda _: _A.alias(), here, lambda a: a.c.spent_fen, 0),
        "tier": Lookup("account", lambda _: _A.alias(), here, lambda a: a.c.tier, lowest),
        "visits_365d": _counted(reader, "visits", _I, _I.c.started_at >= year),
        "complaints_365d": _counted(reader, "told", _B, _B.c.received_at >= year),
        "complaints_open": _counted(reader, "open", _B, _B.c.state == "open"),
        "last_purchase_on": Lookup("last", lambda _: _last_bill(reader), _same, lambda b: _day(reader, b.c.last)),
    }
    for days in WINDOWS:
        for name in (f"spent_{days}d", f"purchases_{days}d"):
            found[name] = _of_bills(reader, name)
    return found


def _since(reader: Reader, days: int) -> datetime:
    """The instant at which the first of so many days began, today included: compared without a cast for each row."""
    zone = ZoneInfo(reader.scope.timezone)
    first = reader.today - timedelta(days=days - 1)
    return datetime.combine(first, time(), zone).astimezone(UTC)


def _of_bills(reader: Reader, name: str) -> Lookup:
    return Lookup("bills", lambda names: _bills(reader, names), _same, lambda bills: bills.c[name], 0)


def _bills(reader: Reader, names: frozenset[str]) -> FromClause:
    """What is left of each bill after what was taken back; a bill that is taken back whole is none.

    Bills are read once, from the first day of the widest window that is asked for.
    """
    left = _P.c.paid_fen - _P.c.refunded_fen
    asked = [days for days in WINDOWS if {f"spent_{days}d", f"purchases_{days}d"} & names]
    columns: list[ColumnElement[Any]] = []
    for days in asked:
        sums: dict[str, Any] = {f"spent_{days}d": func.sum(left), f"purchases_{days}d": func.count()}
        for name in sums.keys() & names:
            narrow = sums[name] if days == max(asked) else sums[name].filter(_P.c.occurred_at >= _since(reader, days))
            columns.append(cast(narrow, BigInteger).label(name))
    return _grouped(reader, _P, columns, _P.c.occurred_at >= _since(reader, max(asked)), left > 0)


def _last_bill(reader: Reader) -> FromClause:
    return _grouped(reader, _P, [func.max(_P.c.occurred_at).label("last")], _P.c.paid_fen > _P.c.refunded_fen)


def _counted(reader: Reader, group: str, table: Any, which: ColumnElement[bool]) -> Lookup:
    return Lookup(
        group,
        lambda _: _grouped(reader, table, [func.count().label("n")], which),
        _same,
        lambda found: found.c.n,
        0,
    )


def _answers(reader: Reader) -> dict[str, Lookup]:
    return {f"allows_{purpose}": _answer(reader, purpose) for purpose in PURPOSES}


def _answer(reader: Reader, purpose: str) -> Lookup:
    """The last answer that covers every channel, given as any of the records that became this customer."""
    gone = _C.alias()
    person = func.coalesce(gone.c.merged_into, _N.c.customer_id)

    def make(_: frozenset[str]) -> FromClause:
        same = and_(gone.c.tenant_id == reader.tenant_id, gone.c.customer_id == _N.c.customer_id)
        merged = and_(same, gone.c.merged_into.is_not(None))
        joined = _N.outerjoin(gone, merged)
        return (
            select(person.label("customer_id"), (_N.c.decision == "granted").label("allowed"))
            .select_from(joined)
            .ext(distinct_on(person))
            .where(_N.c.tenant_id == reader.tenant_id, _N.c.purpose == purpose, _N.c.channel == "all")
            .order_by(person, _N.c.consent_id.desc())
            .subquery()
        )

    return Lookup(f"allows:{purpose}", make, _same, lambda found: found.c.allowed)


def _values(
    reader: Reader, entity: str, prefix: str, own: Sequence[OwnField], key: ColumnElement[Any]
) -> dict[str, Lookup]:
    return {
        f"{prefix}.{one.key}": _value(reader, entity, one.key, _OWN_KIND[one.kind], key)
        for one in own
        if one.entity_type == entity
    }


def _value(reader: Reader, entity: str, key: str, kind: ValueKind, owner: ColumnElement[Any]) -> Lookup:
    """One value of the typed side table."""

    def on(other: FromClause) -> ColumnElement[bool]:
        mine = (other.c.tenant_id == reader.tenant_id, other.c.entity_type == entity, other.c.field_key == key)
        return and_(*mine, other.c.entity_id == owner)

    return Lookup(f"{entity}:{key}", lambda _: _V.alias(), on, lambda other: _read(other, kind))


def _read(other: FromClause, kind: ValueKind) -> ColumnElement[Any]:
    if kind == "decimal":
        whole = (other.c.v_int.is_not(None), cast(other.c.v_int, Numeric))
        return case(whole, (other.c.v_text.regexp_match(_NUMBER), cast(other.c.v_text, Numeric)), else_=None)
    if kind == "bool":
        return other.c.v_int == 1
    column: ColumnElement[Any] = other.c.v_date if kind == "date" else other.c.v_text
    return column


def _pets(reader: Reader, kinds: Sequence[SubjectType], own: Sequence[OwnField]) -> Source:
    """Living pets and people of a customer."""
    pet = _S.alias()
    columns: dict[str, ColumnElement[Any]] = {
        f"pet.{name}": pet.c[name] for name in ("kind", "species", "breed", "sex", "birthday", "neutered", "chip")
    }
    columns["pet.since"] = _day(reader, pet.c.created_at)
    lookups = _values(reader, "subject", "pet", own, pet.c.subject_id)
    for kind in kinds:
        for field in kind.fields:
            if field.key not in _CORE_SUBJECT and type(field) in _KIND_OF:
                lookups[f"pet.{field.key}"] = _value(
                    reader, "subject", field.key, _KIND_OF[type(field)], pet.c.subject_id
                )
    where = (pet.c.tenant_id == reader.tenant_id, pet.c.merged_into.is_(None))
    # Own design: somebody keeps pets since the earliest birthday, or day of record, of a pet of theirs, also a dead one.
    born = func.min(pet.c.birthday).label("born")
    noted = func.min(pet.c.created_at).filter(pet.c.birthday.is_(None)).label("noted")
    return Source(
        pet,
        pet.c.customer_id,
        where,
        columns,
        lookups,
        members=(pet.c.deceased_on.is_(None),),
        sums={"pets_since": (born, noted)},
    )


def _tags(reader: Reader) -> Source:
    worn, tag = _G.alias(), _T.alias()
    joined = worn.join(tag, and_(tag.c.tenant_id == worn.c.tenant_id, tag.c.tag_id == worn.c.tag_id))
    where = (worn.c.tenant_id == reader.tenant_id, tag.c.archived_at.is_(None))
    return Source(joined, worn.c.customer_id, where, {"tag.name": tag.c.name})
