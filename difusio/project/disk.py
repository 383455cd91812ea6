"""How much room is left for the store."""

import shutil
from pathlib import Path


def free_bytes(folder: Path) -> int:
    """Count the bytes that ordinary users can still write on the disk of this folder, which need not exist yet."""
    folder = folder.absolute()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
