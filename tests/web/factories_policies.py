"""Bodies of the pages of complaint rules and calendars, for the tests that walk every route."""

from collections.abc import Mapping
from typing import Final

_ROOT: Final = "POST /t/{slug:str}/complaint-rules"
_PUBLISH: Final = {"revision": 0, "mode": "new_only"}
_WEEK: Final = {"name": "营业时间", "tz": "Asia/Shanghai", "monday": "09:00-18:00"}
RULES_BODIES: Final[dict[str, Mapping[str, object]]] = {
    f"{_ROOT}/levels/{{level:str}}/{{milestone:str}}": {"amount": "30", "unit": "minutes", "clock": "wall"},
    f"{_ROOT}/levels/{{level:str}}/{{milestone:str}}/reset": {"revision": 0},
    f"{_ROOT}/discard": {"revision": 0},
    f"{_ROOT}/publish": _PUBLISH,
    f"{_ROOT}/versions/{{number:int}}/roll-back": _PUBLISH,
    f"{_ROOT}/calendars": _WEEK | {"id": "office"},
    f"{_ROOT}/calendars/{{calendar:str}}/edit": _WEEK,
    f"{_ROOT}/calendars/{{calendar:str}}/discard": {"revision": 0},
    f"{_ROOT}/calendars/{{calendar:str}}/publish": _PUBLISH,
    f"{_ROOT}/calendars/{{calendar:str}}/versions/{{number:int}}/roll-back": _PUBLISH,
}
