"""Files that pages hand out: CSV lines, moments in them, and streaming them row by row."""

import csv
import io
from collections.abc import AsyncIterator, Iterator
from datetime import datetime

from asgiref.sync import sync_to_async
from django.utils import timezone


def csv_lines(rows: list[list[str]]) -> str:
    """Write rows as CSV."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def moment(at: datetime | None) -> str:
    """Write a moment as spreadsheets read it, in the zone that is active; "" for none."""
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S") if at else ""


async def one_by_one(lines: Iterator[str]) -> AsyncIterator[str]:
    """Ask for each page in the thread of the database: Django would gather a plain iterator before it sends any."""
    ask = sync_to_async(lambda: next(lines, None))
    while (text := await ask()) is not None:
        yield text
