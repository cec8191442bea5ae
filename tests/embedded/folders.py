"""Folders for data of embedded servers."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder with a short path that every user may enter; pytest's own folders are for their owner only."""
    folder = Path(tempfile.mkdtemp(prefix="ca-t-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)
