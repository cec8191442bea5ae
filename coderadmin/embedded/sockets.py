"""Private folders for Unix sockets, whose paths the kernel limits to 107 bytes."""

import hashlib
import os
import tempfile
from pathlib import Path

from coderadmin.embedded.errors import EmbeddedError
from coderadmin.embedded.processes import Account

SOCKET_PATH_LIMIT = 107  # bytes; sun_path of unix(7) without the final zero


def socket_folder(preferred: Path, longest_name: str, account: Account | None = None) -> Path:
    """`preferred`, made with mode 0700 for `account`; a folder below the temporary one if its path is too long."""
    folder = preferred
    if len(os.fsencode(preferred / longest_name)) > SOCKET_PATH_LIMIT:
        digest = hashlib.sha256(os.fsencode(preferred)).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"coderadmin-{digest}"
    uid = account.uid if account else os.geteuid()
    try:
        folder.mkdir(mode=0o700)
        if account:
            os.chown(folder, account.uid, account.gid)
    except FileExistsError:
        found = folder.lstat()
        if folder.is_symlink() or not folder.is_dir() or found.st_uid != uid or found.st_mode & 0o077:
            raise EmbeddedError(
                f"{folder} should be a private folder of user id {uid} and is not: remove it."
            ) from None
    return folder
