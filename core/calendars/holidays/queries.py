"""Read the official holiday tables that ship with the product, and newer ones from a folder."""

from pathlib import Path

from core.calendars.holidays.rules import HolidayTable, newest, parse_holiday_table

SHIPPED = Path(__file__).parent / "data"


def list_holiday_tables(region: str = "CN", folder: Path | None = None) -> dict[int, HolidayTable]:
    """Return the tables of a region by year; a file in `folder` replaces a shipped year, or adds one, without a release."""
    folders = (SHIPPED,) if folder is None else (SHIPPED, folder)
    paths = (path for each in folders for path in sorted(each.glob("*.json")))
    tables = (parse_holiday_table(path.read_bytes()) for path in paths)
    return newest(table for table in tables if table.region == region)
