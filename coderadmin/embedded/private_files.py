"""Small files that only their owner may read."""

import os
from pathlib import Path

from coderadmin.embedded.processes import Account


def write_private(path: Path, text: str, account: Account | None = None) -> None:
    """Write `text` into a file of mode 0600, at once or not at all, for `account` (None: ourselves)."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
        if account:
            os.fchown(file.fileno(), account.uid, account.gid)
    unfinished.replace(path)


def read_or_create(path: Path, text: str) -> str:
    """The content of a private file, which is written with `text` unless it is there."""
    if not path.exists():
        write_private(path, text)
    return path.read_text().strip()
