"""What a retailer may set: from which age on somebody may be advised by the shop alone."""

from typing import Annotated

import msgspec

from plugins.api import Meta, SettingProblem, both, hookimpl, words


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Defaults are the numbers of the facts; where a document leaves one open, the default is ours."""

    # facts/calcium: "under 18 -> a human adviser"; the industry document names children without an age.
    adult_age: Annotated[
        int,
        Meta(
            ge=14,
            le=21,
            extra_json_schema=words(
                "未满多少岁须由顾问接待",
                "Below this age an adviser takes over",
                help_zh="儿童补钙不由店员单独建议。",
                help_en="The shop does not advise children by itself.",
                unit=both("岁", "years"),
            ),
        ),
    ] = 18


@hookimpl
def check_settings(settings: Settings) -> tuple[SettingProblem, ...]:
    """Every value is good by itself, and there is nothing that has to fit together."""
    del settings
    return ()
