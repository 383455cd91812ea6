"""What a bench says: a figure, its yardstick, and under which conditions both were measured."""

import os
import platform
import resource
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from difusio import __version__
from difusio.project.start import Installation

MILLION = 1_000_000
_KB_A_MB = 1024
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class Figure:
    """figure, yardstick: both in ``unit``.  conditions: sizes and remarks, to which the machine's are added."""

    figure: float
    unit: str
    yardstick: float
    peak_mb: float
    conditions: Mapping[str, object]

    def document(self, name: str, installation: Installation) -> dict[str, object]:
        """Give the eight keys of the command's last line.  ratio: figure by yardstick.  Cost: 1 query."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version'), current_setting('fsync')")
            version, fsync = cursor.fetchone()
        kind = "embedded PostgreSQL" if installation.store else "PostgreSQL"
        return {
            "name": name,
            "figure": _rounded(self.figure),
            "unit": self.unit,
            "yardstick": _rounded(self.yardstick),
            "ratio": _rounded(self.figure / self.yardstick),
            "peak_mb": round(self.peak_mb),
            "store": f"{kind} {version.split()[0]}",
            "conditions": {
                **self.conditions,
                "cores": os.cpu_count(),
                "python": platform.python_version(),
                "fsync": fsync,
                "version": __version__,
            },
        }


def peak_mb() -> float:
    """Give the most memory that this process has held so far, its libraries included."""
    # Linux hands the peak of the process that started us on through exec; only the status file tells ours apart.
    if _STATUS.exists():
        lines = (line.split() for line in _STATUS.read_text("ascii").splitlines())
        return next(int(words[1]) for words in lines if words[0] == "VmHWM:") / _KB_A_MB
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / _KB_A_MB / (_KB_A_MB if sys.platform == "darwin" else 1)


def _rounded(value: float) -> float:
    """Keep three digits: more would claim what two runs do not share."""
    return float(f"{value:.3g}")
