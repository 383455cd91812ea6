"""What reading foreign JSON may raise: one list for everybody who reads."""

import msgspec

# UnicodeDecodeError: bytes that are not UTF-8 are found only when their string is read.  RecursionError:
# brackets nested by the thousand.  OverflowError and OSError: moments outside the calendar.  ValueError:
# words outside a closed list.
UNREADABLE = (
    msgspec.MsgspecError,
    UnicodeDecodeError,
    RecursionError,
    OverflowError,
    OSError,
    ValueError,
)
