"""What the Graph side answers: status, body, and the faults that meet it on the way back."""

from dataclasses import dataclass

import msgspec

JSON = "application/json; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and what happens to it on its way."""

    status: int
    body: bytes
    wait_s: float = 0.0
    connection_lost: bool = False
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


SUCCESS = Answer(200, b'{"success":true}')


def told(facts: object) -> Answer:
    """Answer with facts in JSON."""
    return Answer(200, msgspec.json.encode(facts))
