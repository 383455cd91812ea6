"""How long freezing an audience takes, beside an INSERT of the same rows that asks nothing."""

from statistics import median
from time import perf_counter

from django.db import connection, transaction

from difusio.common.clock import now
from difusio.outbox.freeze import freeze
from difusio.project.bench import shop
from difusio.project.bench.figure import MILLION, Figure, peak_mb
from difusio.project.bench.part import measured
from difusio.project.bench.shop import Shop
from difusio.project.start import Installation

_ROUNDS = 3


def run(size: int, _installation: Installation) -> Figure:
    """size: people in the audience."""
    place = shop.open_shop(at=now())
    shop.most_agree(place, shop.add_people(place, size))
    result = measured("freeze", "measure", workspace_id=place.workspace_id)
    scale = MILLION / size
    return Figure(
        figure=result["freeze_s"] * scale,
        unit="s for 1 M rows",
        yardstick=result["insert_s"] * scale,
        peak_mb=result["peak_mb"],
        conditions={
            "audience": size,
            "queued": result["queued"],
            "scaled": f"measured {size:,} rows in {result['freeze_s']:.3f} s, the rest is arithmetic",
            "yardstick": "INSERT … SELECT of the same rows into an indexed twin table: no questions, no foreign keys",
            "rounds": _ROUNDS,
        },
    )


def measure(_installation: Installation, *, workspace_id: int) -> dict[str, object]:
    """Freeze the same audience some times, each into a batch of its own; after each, insert its rows once more."""
    place = shop.of_workspace(workspace_id)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_twin (LIKE outbox_delivery INCLUDING ALL)")
    freezes, inserts, queued = [], [], 0
    peak = 0.0
    for _ in range(_ROUNDS):
        seconds, batch_id, queued = _freeze(place)
        freezes.append(seconds)
        peak = peak or peak_mb()
        inserts.append(_insert(batch_id))
    return {"freeze_s": median(freezes), "insert_s": median(inserts), "queued": queued, "peak_mb": peak}


def _freeze(place: Shop) -> tuple[float, int, int]:
    batch_id = shop.new_batch(place)
    began = perf_counter()
    with transaction.atomic():
        frozen = freeze(shop.everybody(place, batch_id), due_at=place.at, at=place.at)
    return perf_counter() - began, batch_id, frozen.queued


def _insert(batch_id: int) -> float:
    with connection.cursor() as cursor:
        began = perf_counter()
        cursor.execute(
            "INSERT INTO bench_twin OVERRIDING SYSTEM VALUE SELECT * FROM outbox_delivery WHERE batch_id = %s",
            [batch_id],
        )
        return perf_counter() - began
