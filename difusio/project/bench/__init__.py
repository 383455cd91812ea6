"""The benches behind ``difusio bench``: each figure of the design beside a yardstick measured in the same run.

A bench fills a store of its own and lets parts of it run in processes of their own (``part``), so that time and memory
are theirs alone.  docs/reference/benchmarks.md says what each one measures and what it does not.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Bench:
    """module: within this package, with ``run(size, installation)``.  size: what runs within a minute on two cores."""

    module: str
    size: int


BENCHES: Final = {
    "send": Bench("send", 60_000),
    "pace": Bench("pace", 60),
    "receive": Bench("receive", 60_000),
    "beside": Bench("beside", 20),
    "fold": Bench("fold", 60_000),
    "events": Bench("events", 30_000),
    "freeze": Bench("freeze", 100_000),
    "import": Bench("importing", 50_000),
    "segment": Bench("segment", 100_000),
}
