"""Connect a simulator on this machine as a number: to try everything out without an account at Meta."""

import json
import secrets
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from difusio.accounts.models import Workspace
from difusio.numbers.add import NewNumber, NumberError, add
from difusio.numbers.models import Number

USUAL_PORT: Final = 4400
_DEADLINE_S: Final = 5.0
_DISPLAY_PHONE: Final = "+34 972 00 00 00"
_PACE_PER_S: Final = 80


class NoSimulator(NumberError):
    """No simulator answers on that port: start it on this machine, then try again."""


def start_command() -> str:
    """Say what to type to start a simulator: the bare name only where a shell finds it."""
    name = "whatsapp-simulator"
    ours = Path(sys.executable).with_name(name)
    program = name if shutil.which(name) or not ours.exists() else shlex.quote(str(ours))
    return f"{program} --port {USUAL_PORT}"


def connect_simulator(
    *,
    workspace_id: int,
    port: int,
    callback_url: str,
    templates: Sequence[Mapping[str, Any]],
    by: str,
    at: datetime,
) -> Number:
    """Give the simulator on ``port`` an account with one number, and add that number here.

    callback_url: where our receiver listens.  templates: what counts as approved there, in Meta's words.
    What the simulator was set up for before is gone; a number of it that is known here already stays, and is deaf.
    Raises NoSimulator, and what ``add`` raises.
    """
    workspace = Workspace.objects.get(pk=workspace_id)
    url = f"http://127.0.0.1:{port}"
    # Fifteen digits, as Meta's are; who connects another simulator later gets another number.
    digits = [f"7{secrets.randbelow(10**14):014d}" for _ in range(3)]
    number = NewNumber(
        waba_id=digits[0],
        phone_number_id=digits[1],
        display_phone=_DISPLAY_PHONE,
        verified_name=workspace.name,
        access_token=secrets.token_urlsafe(24),
        app_id=digits[2],
        app_secret=secrets.token_urlsafe(24),
        verify_token=secrets.token_urlsafe(24),
        api_url=url,
        pace_per_s=_PACE_PER_S,
    )
    _set_up(url, number, callback_url, templates)
    return add(number, workspace_id=workspace_id, by=by, at=at)


def _set_up(url: str, number: NewNumber, callback_url: str, templates: Sequence[Mapping[str, Any]]) -> None:
    setup = {
        "app_id": number.app_id,
        "app_secret": number.app_secret,
        "access_token": number.access_token,
        "verify_token": number.verify_token,
        "callback_url": callback_url,
        # Our receiver learns of the secret within seconds; the first webhook comes later.
        "verify_callback": False,
        "waba_id": number.waba_id,
        "waba_name": number.verified_name,
        "numbers": [
            {
                "phone_number_id": number.phone_number_id,
                "display_phone_number": number.display_phone,
                "verified_name": number.verified_name,
                "mps": number.pace_per_s,
            }
        ],
        "templates": list(templates),
    }
    request = Request(  # noqa: S310  # always 127.0.0.1
        f"{url}/_control/setup",
        method="PUT",
        data=json.dumps(setup).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urlopen(request, timeout=_DEADLINE_S) as answer:  # noqa: S310  # as above
            json.load(answer)
    except (HTTPError, URLError, OSError, ValueError):
        raise NoSimulator from None
