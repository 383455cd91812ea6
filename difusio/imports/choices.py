"""What a member decided about a file: what its columns are, and what its people agreed to."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Self

from difusio.imports.person_rows import Asserted


@dataclass(frozen=True, slots=True)
class Choices:
    """columns: place → key, ``field`` or ``left_out``.  asserted: None where nobody agreed or the rows say so."""

    columns: Mapping[int, str] = field(default_factory=dict)
    asserted: Asserted | None = None

    def to_json(self) -> dict[str, Any]:
        """Write them as an upload keeps them."""
        said = asdict(self.asserted) if self.asserted else None
        if said and self.asserted and self.asserted.at:
            said["at"] = self.asserted.at.isoformat()
        return {"columns": {str(place): key for place, key in self.columns.items()}, "asserted": said}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what ``to_json`` wrote; nothing decided yet gives what the headings say."""
        said = stored.get("asserted")
        asserted = None
        if said:
            asserted = Asserted(**{**said, "at": datetime.fromisoformat(said["at"]) if said["at"] else None})
        return cls({int(place): key for place, key in stored.get("columns", {}).items()}, asserted)
