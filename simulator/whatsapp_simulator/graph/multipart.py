"""Forms with files, as `multipart/form-data` brings them.

Source: RFC 7578 and RFC 2046, section 5.1.  A body of 100 MB is cut in place, not parsed line by line.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import HTTP

from whatsapp_simulator.graph.errors import parameter

_MOST_PARTS = 32


@dataclass(frozen=True, slots=True)
class Part:
    """One field; content_type is empty when the sender did not say it."""

    content: bytes
    content_type: str
    filename: str | None

    @property
    def text(self) -> str:
        """The content as text."""
        return self.content.decode("utf-8", "replace")


def read_form(headers: Mapping[str, str], body: bytes) -> dict[str, Part]:
    """Read the fields of a form; raises RefusedError when the body is none."""
    head = Message()
    head["Content-Type"] = headers.get("Content-Type", "")
    boundary = head.get_boundary()
    if head.get_content_type() != "multipart/form-data" or not boundary:
        raise parameter("(#100) Invalid parameter", "The request body must be multipart/form-data.")
    parts: dict[str, Part] = {}
    for block in _blocks(body, b"--" + boundary.encode("utf-8", "surrogateescape")):
        told, _, content = block.partition(b"\r\n\r\n")
        written = BytesHeaderParser(policy=HTTP).parsebytes(told.lstrip(b"\r\n"))
        name = written.get_param("name", header="content-disposition")
        if isinstance(name, str):
            content_type = str(written.get("Content-Type") or "")
            parts[name] = Part(content, content_type, written.get_filename())
    return parts


def _blocks(body: bytes, delimiter: bytes) -> list[bytes]:
    start = body.find(delimiter)
    blocks: list[bytes] = []
    while start >= 0 and len(blocks) < _MOST_PARTS:
        start += len(delimiter)
        if body[start : start + 2] == b"--":
            return blocks
        end = body.find(b"\r\n" + delimiter, start)
        if end < 0:
            break
        blocks.append(body[start:end])
        start = end + 2
    raise parameter("(#100) Invalid parameter", "The form in the request body is cut off or too long.")
