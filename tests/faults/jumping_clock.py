"""Runs an engine whose wall clock is wrong: ``python -m tests.faults.jumping_clock FILE send``.

By how many seconds stands in FILE and may change at any moment.  The monotonic clock and the store's go on as ever, as
they do when somebody sets a machine's clock.  Faces and engines ask for the time in one place alone, so that no engine
needs to know of this.
"""

import sys
from datetime import datetime, timedelta
from pathlib import Path

from difusio.common import clock

_true_now = clock.now


def main() -> None:
    file, *command = sys.argv[1:]

    def now() -> datetime:
        return _true_now() + timedelta(seconds=float(Path(file).read_text("utf-8")))

    # Before anything else is imported that takes the function by its name.
    clock.now = now
    from difusio.project.cli import main as difusio

    sys.argv = ["difusio", *command]
    difusio()


if __name__ == "__main__":
    main()
