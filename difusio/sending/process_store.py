"""A sending process's ways to the store: threads with a connection each, shared by all of its numbers."""

from typing import Final

from difusio.sending import store
from difusio.sending.threads import StoreThreads, Together

# Refills are slow and take turns.
_WORK_THREADS: Final = 3


class ProcessStore:
    """work: refills, and what comes up.  intend, write_down: for all numbers in one commit.  keeping: leases."""

    def __init__(self) -> None:
        self.work = StoreThreads(_WORK_THREADS, name="store")
        self.intend = Together(store.intend, name="intents")
        self.write_down = Together(store.write_down, name="records")
        # Leases have a thread of their own: they must not wait behind a slow claim.
        self.keeping = StoreThreads(1, name="leases")

    def close(self) -> None:
        """Close all connections and end the threads."""
        for threads in (self.work, self.intend, self.write_down, self.keeping):
            threads.close()
