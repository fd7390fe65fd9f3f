"""Finds customers by what people type: the exact first, every term of several, and a bounded number of rows read."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from core.customers.rules.names import name_pinyin
from core.customers.rules.words import END, Term, terms_of
from core.uow import Reader

# A term reads at most so many hits of each kind: enough for any page, and a bound on time whatever was typed.
MOST: Final = 200
RARE: Final = 500
"""Fewer hits than this are looked at one by one for the other terms; more are cut with theirs."""

Hit = tuple[tuple[int, int, int], str]
"""How far from what was typed (smaller is better), and what kind of word it was: name, pet, phone, code."""

# Plain comparisons of text and uuid are leakproof, so row security leaves every one of these its index.
_WHOLE = (
    "(SELECT customer_id, 'whole' AS token, 'name' AS kind FROM customer WHERE tenant_id = :t AND name_pinyin = :sound"
    " AND state = 'active' ORDER BY customer_id DESC LIMIT :most)"
)
_EXACT = (
    "(SELECT customer_id, token, kind FROM customer_word WHERE tenant_id = :t AND token = :typed"
    " ORDER BY customer_id DESC LIMIT :most)"
)
_BEGINS = (
    "(SELECT customer_id, token, kind FROM customer_word WHERE tenant_id = :t AND token > :typed AND token < :end"
    " ORDER BY token LIMIT :most)"
)
_TAIL = (
    "(SELECT customer_id, token, kind FROM customer_word WHERE tenant_id = :t AND token >= :tail AND token < :tail_end"
    " ORDER BY token LIMIT :most)"
)
_PHONE = (
    "(SELECT customer_id, phone_e164 AS token, 'phone' AS kind FROM customer_phone WHERE tenant_id = :t"
    " AND phone_e164 >= :{0} AND phone_e164 < :{0}_end ORDER BY phone_e164 LIMIT :most)"
)
_ONE_WORD = text(f"{_WHOLE} UNION ALL {_EXACT} UNION ALL {_BEGINS}")
_ONE_NUMBER = text(" UNION ALL ".join((_EXACT, _BEGINS, _TAIL, _PHONE.format("home"), _PHONE.format("abroad"))))


async def find_hits(reader: Reader, typed: str, *, limit: int) -> list[tuple[UUID, str]]:
    """Return who is meant, best first, each with the kind of word that was found; all terms must match."""
    terms = terms_of(typed)
    if not terms:
        return []
    found = await _of_one(reader, terms[0]) if len(terms) == 1 else await _of_several(reader, terms)
    ranked = sorted(found, key=lambda one: found[one][0])[:limit]
    return [(one, found[one][1]) for one in ranked]


async def _of_one(reader: Reader, term: Term) -> dict[UUID, Hit]:
    bound = {"t": reader.tenant_id, "most": MOST} | _values(term, "")
    statement = _ONE_NUMBER if term.tail else _ONE_WORD
    found: dict[UUID, Hit] = {}
    for customer_id, token, kind in await reader.session.execute(statement, bound):
        _keep(found, customer_id, _distance(term, token, kind), kind)
    return found


def _keep(found: dict[UUID, Hit], customer_id: UUID, distance: tuple[int, int], kind: str) -> None:
    hit = ((*distance, -customer_id.int), kind)
    if customer_id not in found or hit < found[customer_id]:
        found[customer_id] = hit


def _distance(term: Term, word: str, kind: str) -> tuple[int, int]:
    """The whole name or number first, then a word of exactly this, then what is longer than typed by the fewest signs."""
    if word == "whole":
        return (0, 0)
    if word == term.typed:
        return (0, 1) if kind in {"code", "phone"} else (1, 0)
    if kind == "phone":
        digits = word.lstrip("~+")
        return (0, 1) if len(digits) - len(term.typed) <= 2 and len(term.typed) >= 10 else (2, 0)
    return (2, len(word) - len(term.typed))


def _values(term: Term, suffix: str) -> dict[str, Any]:
    values: dict[str, Any] = {"typed": term.typed, "end": term.typed + END}
    if not term.tail:
        values["sound"] = name_pinyin(term.typed)
    else:
        values |= {"tail": term.tail, "tail_end": term.tail + END}
        for name, low in (("home", "86" + term.typed.removeprefix("0")), ("abroad", term.typed)):
            # The next number of as many digits: it sorts behind all that begin with this one in every collation.
            values |= {name: f"+{low}", f"{name}_end": f"+{int(low) + 1:0{len(low)}d}"}
    return {name + suffix: value for name, value in values.items()}


def _ranges(term: Term, number: int) -> str:
    """Everybody who has a word of this term, as a select."""
    words = "SELECT customer_id FROM customer_word WHERE tenant_id = :t AND token >= :typed{0} AND token < :end{0}"
    parts = [words]
    if term.tail:
        parts.append(words.replace(":typed", ":tail").replace(":end", ":tail_end"))
        phones = "SELECT customer_id FROM customer_phone WHERE tenant_id = :t AND phone_e164 >= :{1}{0} AND phone_e164 < :{1}_end{0}"
        parts += [phones.replace("{1}", name) for name in ("home", "abroad")]
    return " UNION ALL ".join(parts).replace("{0}", str(number))


async def _of_several(reader: Reader, terms: Sequence[Term]) -> dict[UUID, Hit]:
    bound: dict[str, Any] = {"t": reader.tenant_id, "most": MOST, "rare": RARE}
    for number, term in enumerate(terms):
        bound |= _values(term, str(number))
    selects = [_ranges(term, number) for number, term in enumerate(terms)]
    counts = _listed(selects, "(SELECT count(*) FROM ({} LIMIT :rare) AS s)", ", ")
    counted = (await reader.session.execute(text("SELECT " + counts), bound)).one()
    order = sorted(range(len(terms)), key=lambda number: counted[number])
    first = order[0]
    if counted[first] < RARE:  # few: each is looked up by its customer
        same = [_of_customer(selects[number]) for number in order[1:]]
        also = _listed(same, "EXISTS ({})", " AND ")
        statement = _listed(selects[first : first + 1], "SELECT DISTINCT d.customer_id FROM ({}) AS d WHERE ", "")
        statement += also + " LIMIT :most"
    else:
        whole = [selects[number] for number in order]
        statement = _listed(whole, "(SELECT customer_id FROM ({}) AS i)", " INTERSECT ")
        statement += " ORDER BY customer_id DESC LIMIT :most"
    kind = "phone" if terms[first].tail else "name"
    found: dict[UUID, Hit] = {}
    for row in await reader.session.execute(text(statement), bound):
        _keep(found, row.customer_id, (3, 0), kind)
    if not any(term.tail for term in terms):
        await _add_joined(reader, terms, found)
    return found


def _of_customer(select: str) -> str:
    """The same for one customer `d`: OFFSET has it read the customer's dozen words, not the thousands of a common term."""
    words = (
        "(SELECT customer_id, token FROM customer_word WHERE tenant_id = :t AND customer_id = d.customer_id OFFSET 0)"
    )
    phones = "customer_phone WHERE tenant_id = :t AND customer_id = d.customer_id AND"
    select = select.replace("customer_word WHERE tenant_id = :t AND", f"{words} AS w WHERE")
    return select.replace("customer_phone WHERE tenant_id = :t AND", phones)


def _listed(selects: Sequence[str], around: str, between: str) -> str:
    """The statements, each inside its frame; they are our own texts, and what was typed travels as values."""
    return between.join(around.replace("{}", select) for select in selects)


async def _add_joined(reader: Reader, terms: Sequence[Term], found: dict[UUID, Hit]) -> None:
    """欧阳 明轩, wang xiaomei: together they are one name."""
    whole = Term("".join(term.typed for term in terms))
    sound = name_pinyin(" ".join(term.typed for term in terms))
    bound = {"t": reader.tenant_id, "most": MOST} | _values(whole, "") | {"sound": sound}
    for customer_id, token, kind in await reader.session.execute(_ONE_WORD, bound):
        _keep(found, customer_id, _distance(whole, token, kind), kind)
