"""The calendar years that an office has loaded itself, as they were written."""

from __future__ import annotations

from sqlalchemy import Connection, select

from workflow.models import CalendarYear
from workflow.sql import table

ROW = table(CalendarYear).c


def year_text(connection: Connection, *, year: int) -> str | None:
    """The text that the year was loaded from; None if nobody has loaded it here."""
    return connection.execute(select(ROW.text).where(ROW.year == year)).scalar_one_or_none()
