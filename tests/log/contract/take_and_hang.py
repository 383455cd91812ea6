"""A drain that takes posts and does not come to settle them: ``python -m … LIMIT DSN table|jetstream [URL]``."""

import os
import sys
import time
from pathlib import Path

import psycopg

from difusio.common.sealed import load_keyring
from difusio.log.jetstream import Cluster
from difusio.log.jetstream_reader import JetStreamReader
from difusio.log.port import Lane, LogReader
from difusio.log.table_reader import TableReader


def main() -> None:
    limit, dsn, kind, *where = sys.argv[1:]
    keys = load_keyring(Path(os.environ["DIFUSIO_HOME"]) / "keys.json")
    reader: LogReader = TableReader(keys) if kind == "table" else JetStreamReader(Cluster(where[0]), keys)
    with psycopg.connect(dsn) as store, reader.turn():
        taken = 0
        while taken < int(limit):
            taken += len(reader.take(store.cursor(), Lane.STATUSES, int(limit) - taken))
        sys.stdout.write("taken\n")
        sys.stdout.flush()
        time.sleep(600)


if __name__ == "__main__":
    main()
