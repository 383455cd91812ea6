"""How the fault tests scale long times down: a lease of two seconds is to them what thirty are to a real sender."""

from typing import Final

# The engines' settings.
SCALE: Final = {
    "DIFUSIO_LEASE_SECONDS": "2", "DIFUSIO_REQUEST_SECONDS": "1", "DIFUSIO_DOUBT_SECONDS": "3",
    "DIFUSIO_CANARY_SECONDS": "20",
}  # fmt: skip
PEOPLE_FASTER: Final = 60
# What they stand for; told with every result.
SCALED: Final = {
    "lease": "2 s for 30", "request": "1 s for 10", "doubt": "3 s for 900", "people": f"{PEOPLE_FASTER} times faster",
}  # fmt: skip
