"""How long a file of people takes to import, beside reading its cells and copying them in as they are."""

import csv
from datetime import timedelta
from pathlib import Path
from time import perf_counter

from django.conf import settings
from django.db import connection, transaction

from difusio.common.clock import now
from difusio.imports.people import import_people
from difusio.project.bench import shop
from difusio.project.bench.figure import MILLION, Figure, peak_mb
from difusio.project.bench.part import measured
from difusio.project.bench.shop import Shop
from difusio.project.start import Installation

_HEADER = (
    *("customer", "first_name", "last_name", "phone", "language", "country", "size", "points", "topic"),
    *("consent", "consent_at", "consent_language", "consent_wording", "consent_source", "consent_proof"),
)

# Which row repeats the one before it.
_ONE_OF = 50


def run(size: int, _installation: Installation) -> Figure:
    """size: rows below the header."""
    place = shop.open_shop(at=now())
    path = Path(settings.DIFUSIO_HOME) / "people.csv"
    _write(path, size, place)
    result = measured("importing", "measure", workspace_id=place.workspace_id, path=str(path))
    scale = MILLION / size
    return Figure(
        figure=result["import_s"] * scale,
        unit="s for 1 M rows",
        yardstick=result["copy_s"] * scale,
        peak_mb=result["peak_mb"],
        conditions={
            "rows": size,
            "file_mb": round(path.stat().st_size / 1e6, 1),
            "taken": result["taken"],
            "entries": result["entries"],
            "refused": result["refused"],
            "scaled": f"measured {size:,} rows in {result['import_s']:.2f} s, the rest is arithmetic",
            "yardstick": "csv.reader over the file and COPY of its cells into a table of texts",
        },
    )


def measure(_installation: Installation, *, workspace_id: int, path: str) -> dict[str, object]:
    """Import the file, then copy it as it is."""
    began = perf_counter()
    done = import_people(Path(path), workspace_id=workspace_id, by="bench", at=now())
    import_s = perf_counter() - began
    peak = peak_mb()
    began = perf_counter()
    _copy(Path(path))
    return {
        "import_s": import_s,
        "copy_s": perf_counter() - began,
        "peak_mb": peak,
        "taken": done.taken,
        "entries": done.entries,
        "refused": done.refused,
    }


def _copy(path: Path) -> None:
    columns = ", ".join(f"cell_{place} text" for place in range(len(_HEADER)))
    with transaction.atomic(), connection.cursor() as cursor, path.open(encoding="utf-8", newline="") as file:
        cursor.execute(f"CREATE TABLE bench_raw ({columns})")
        rows = csv.reader(file)
        next(rows)
        with cursor.copy("COPY bench_raw FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def _write(path: Path, rows: int, place: Shop) -> None:
    """Write a file with the faults of real ones: one phone of a hundred is none, one row of fifty stands twice."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER)
        for line in range(rows):
            stands_twice = line % _ONE_OF == _ONE_OF - 1
            writer.writerow(_row(line - 1 if stands_twice else line, place))


def _row(person: int, place: Shop) -> tuple[object, ...]:
    phone = f"6{person:08d}" if person % 100 else "12"
    agreed = person % 10 != 0
    at = place.at - timedelta(days=1 + person % 600)
    act = (
        (
            *(shop.TOPIC, "granted", at.isoformat(timespec="seconds"), "ca"),
            *("Accepto rebre ofertes per WhatsApp.", "web checkout", f"order {person}"),
        )
        if agreed
        else ("",) * 7
    )
    return (
        *(f"C{person:07d}", f"Nom{person % 997}", f"Cognom{person % 4999}", phone, "ca", "ES"),
        *("SML"[person % 3], person % 1000, *act),
    )
