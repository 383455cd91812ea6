"""The simulator as the demo runs it: a process of its own, reached over HTTP like Meta."""

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from difusio.common.sentences import SentenceError
from difusio.project.demo.messages import TEMPLATES

APP_ID: Final = "700000000000001"
WABA_ID: Final = "700000000000002"
PHONE_NUMBER_ID: Final = "700000000000003"
DISPLAY_PHONE: Final = "+34 972 00 00 00"
BUSINESS: Final = "Botiga Ona"
PACE_PER_S: Final = 80

_START_S = 20.0
_REQUEST_S = 30.0
# How much faster than ours the simulated people live: an hour of theirs passes in six seconds.
CLOCK_RATE: Final = 600


class SimulatorMissing(SentenceError):
    """The simulator did not start: install whatsapp-simulator beside difusio (`make setup` does)."""


class Simulator:
    """A running simulator; ``stop`` ends it."""

    def __init__(
        self, folder: Path, *, seed: int, access_token: str, app_secret: str, verify_token: str
    ) -> None:
        self._folder = folder
        self._seed = seed
        self._setup: dict[str, Any] = {
            "app_id": APP_ID,
            "app_secret": app_secret,
            "access_token": access_token,
            "verify_token": verify_token,
            "waba_id": WABA_ID,
            "waba_name": BUSINESS,
            "numbers": [
                {
                    "phone_number_id": PHONE_NUMBER_ID,
                    "display_phone_number": DISPLAY_PHONE,
                    "verified_name": BUSINESS,
                    "mps": PACE_PER_S,
                    "burst_s": 0.2,
                }
            ],
            "templates": TEMPLATES,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def start(self) -> None:
        """Start the process and give it account, people and mishaps.  Raises SimulatorMissing."""
        scenario = self._folder / "scenario.json"
        scenario.write_text(
            json.dumps(
                {
                    "seed": self._seed,
                    "setup": self._setup,
                    "habits": {"replies": 0.06, "leaves": 0.03, "unreachable": 0.01},
                    # What a day at Meta brings: answers that get lost.
                    "faults": [
                        {"kind": "lose_answer", "rate": 0.003},
                        {"kind": "error_after", "rate": 0.002},
                    ],
                    "clock": {"rate": CLOCK_RATE},
                }
            ),
            "utf-8",
        )
        port_file = self._folder / "simulator.port"
        port_file.unlink(missing_ok=True)
        command = [sys.executable, "-m", "whatsapp_simulator", "--port", "0", "--port-file", str(port_file)]
        with (self._folder / "simulator.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--scenario", str(scenario)], stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + _START_S
        while not port_file.exists() or not port_file.read_text():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise SimulatorMissing(
                    f"{SimulatorMissing.__doc__} (Its log: {self._folder / 'simulator.log'})"
                )
            time.sleep(0.05)
        self.url = f"http://127.0.0.1:{port_file.read_text().strip()}"

    def subscribe(self, callback_url: str) -> None:
        """Let webhooks go to ``callback_url`` after the handshake."""
        self.control("PUT", "setup", {**self._setup, "callback_url": callback_url})

    def block(self, phones: Iterable[str]) -> None:
        """Put people on the shop's own block list: whatever is sent to them is refused at once (130403)."""
        for phone in phones:
            self.control("POST", f"people/{phone}/block", {"by": "business", "blocked": True})

    def control(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Ask the control plane."""
        request = Request(  # noqa: S310  # our own address on this machine
            f"{self.url}/_control/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urlopen(request, timeout=_REQUEST_S) as response:  # noqa: S310  # as above
                answer: dict[str, Any] = json.load(response)
        except HTTPError as error:
            raise SimulatorMissing(
                f"The simulator refused {path}: {error.read().decode('utf-8', 'replace')}"
            ) from None
        except URLError as error:
            raise SimulatorMissing(f"The simulator does not answer: {error.reason}") from None
        return answer

    def stop(self) -> None:
        """End the process."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
