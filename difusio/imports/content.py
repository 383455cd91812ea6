"""The bytes of an upload, sealed in the store: the pages and the job may run on different machines."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from django.conf import settings
from django.db import transaction

from difusio.common.keyring import keyring
from difusio.imports.models import Chunk, Upload

# head: the header and some rows as JSON, so that a preview opens no large file.
Part = Literal["file", "head", "refused"]

_PURPOSE: Final = "imports.file"
_CHUNK_BYTES: Final = 1 << 20


def keep(upload: Upload, part: Part, pieces: Iterable[bytes]) -> None:
    """Seal and store the pieces in order, instead of what was there."""
    keys = keyring()
    with transaction.atomic():
        Chunk.objects.filter(upload=upload, part=part).delete()
        for seq, piece in enumerate(pieces):
            sealed = keys.seal(piece, purpose=_PURPOSE)
            Chunk.objects.create(upload=upload, part=part, seq=seq, content_sealed=sealed)


def keep_file(upload: Upload, part: Part, path: Path) -> None:
    """Seal and store a file of this machine."""
    with path.open("rb") as file:
        keep(upload, part, iter(lambda: file.read(_CHUNK_BYTES), b""))


def pieces(upload: Upload, part: Part) -> Iterator[bytes]:
    """Open what was stored, a piece at a time.  Cost: 1 query a piece, about a megabyte."""
    keys = keyring()
    stored = Chunk.objects.filter(upload=upload, part=part).order_by("seq")
    for seq in stored.values_list("seq", flat=True):
        yield keys.open(stored.values_list("content_sealed", flat=True).get(seq=seq), purpose=_PURPOSE)


def is_kept(upload: Upload, part: Part) -> bool:
    """Tell whether the contents are still there.  Cost: 1 query."""
    return Chunk.objects.filter(upload=upload, part=part).exists()


@contextmanager
def as_file(upload: Upload) -> Iterator[Path]:
    """Give the upload as a file of its name in a folder of its own below DIFUSIO_HOME, gone afterwards.

    A worker that was killed leaves its folder behind; whoever takes the job up again removes it first.
    """
    folder = Path(settings.DIFUSIO_HOME) / "uploads" / str(upload.pk)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    try:
        path = folder / upload.file_name
        with path.open("wb") as file:
            for piece in pieces(upload, "file"):
                file.write(piece)
        yield path
    finally:
        shutil.rmtree(folder, ignore_errors=True)
