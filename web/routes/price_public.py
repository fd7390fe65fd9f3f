"""The price list that anybody may read: four fee categories, a search, the day it came into force, fit to print."""

from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from core.customers.rules.names import clean_name
from core.errors import NotFound
from core.tenancy.queries import list_branches
from core.uow import Reader
from core.visits.queries.prices import find_live_version, find_price_place, list_items
from core.visits.rules.prices import Item
from web.request import WebRequest
from web.screens import show
from web.security import BY_CODE
from web.views.visits import categories, item_name, unit_text

MAX_SEARCH: Final = 40


def _fits(item: Item, words: str) -> bool:
    return words in f"{item.name_zh} {item.name_en} {item.code}".casefold()


@get("/p/{code:str}", guards=[BY_CODE])
async def show_price_list(
    request: WebRequest, reader: NamedDependency[Reader], code: FromPath[str], q: FromQuery[str] = ""
) -> Response[Any]:
    # 2025东营宠物诊所客户服务策略: 公示“所有服务项目价格表”
    if not await find_price_place(reader, code=code):
        raise NotFound("no such price list")
    live = await find_live_version(reader)
    words = clean_name(q)[:MAX_SEARCH]
    items = [one for one in await list_items(reader, live.version_id) if one.active] if live else []
    found = [one for one in items if _fits(one, words.casefold())]
    branches = {str(one.branch_id): one.name for one in await list_branches(reader)}
    return await show(
        request,
        "pages/public/prices.html",
        live=live,
        groups=[(code_, name, [one for one in found if one.category == code_]) for code_, name in categories()],
        count=len(found),
        q=words,
        branches=branches,
        item_name=item_name,
        unit_text=unit_text,
        here=f"/p/{code}",
    )


routes = [show_price_list]
