"""The log: constant event names with fields, on standard error; never a message, a phone number or a token.

An error's own words may hold any of those, so only its kind and the places it passed are written.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

_FRAMES = 6
_OURS = "/difusio/"


def configure(form: str) -> None:
    """Write the log in ``form``: ``readable`` for people, ``json`` for machines."""
    last = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_words,
            last,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    handler.addFilter(_drop_trace)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for chatty in ("asyncio", "django.db.backends", "uvicorn.access", "uvicorn.error"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _without_words(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    if event.pop("exc_info", None):
        kind, error, _ = sys.exc_info()
        event["error"] = kind.__name__ if kind else ""
        event["where"] = _places(error)
    return event


def _drop_trace(record: logging.LogRecord) -> bool:
    """Put a foreign library's traceback in our form: where it happened, not what it said."""
    if record.name.startswith("difusio"):
        record.exc_info, record.exc_text = None, None  # ours have said it in their fields
    elif record.exc_info and record.exc_info[1] is not None:
        record.msg = (
            f"{record.getMessage()} [{type(record.exc_info[1]).__name__} {_places(record.exc_info[1])}]"
        )
        record.args, record.exc_info, record.exc_text = (), None, None
    return True


def _places(error: BaseException | None) -> str:
    if error is None:
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if _OURS in frame.filename and "site-packages" not in frame.filename]
    return " > ".join(
        f"{frame.filename.rsplit(_OURS, 1)[-1]}:{frame.lineno}" for frame in (ours or frames)[-_FRAMES:]
    )
