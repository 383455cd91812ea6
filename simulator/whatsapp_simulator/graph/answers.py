"""What the Graph side answers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and the faults that meet it on the way back."""

    status: int
    body: bytes
    wait_s: float = 0.0
    connection_lost: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json; charset=UTF-8"


SUCCESS = Answer(200, b'{"success":true}')
