"""A newcomer: a clean clone in a folder that nobody else may enter, an empty home, an almost empty environment."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

from coderadmin.embedded.processes import Account
from tests.newcomer.programs import Running, free_port, running

REPOSITORY = Path(__file__).resolve().parents[2]
# How this machine reaches a package index, and whom it trusts, is its own affair; nothing else is passed on.
PASSED_ON = re.compile(r"PIP_\w+|SSL_CERT_FILE|(HTTPS?|ALL|NO)_PROXY", re.IGNORECASE)
CARD = re.compile(r'<details class="card".*?<h2>(?P<name>[^<]+)</h2>.*?<span class="chip (?P<status>\w+)"', re.DOTALL)


@dataclass(frozen=True)
class Newcomer:
    folder: Path
    port: int
    account: Account | None = None  # None: whoever runs the tests

    @property
    def checkout(self) -> Path:
        return self.folder / "coderadmin"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def make(self, target: str) -> AbstractContextManager[Running]:
        log = self.folder / f"{target}.log"
        environment = self._environment()
        return running(["make", target], cwd=self.checkout, env=environment, log=log, account=self.account)

    def git(self, *arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=self.checkout, env=self._environment(), capture_output=True, text=True, check=True
        ).stdout

    def supervisor(self) -> int:
        return int((self.checkout / ".data" / "instance.lock").read_text().split()[0])

    def processes(self) -> list[str]:
        """The command lines of everything that runs from this clone or on its data."""
        listed = subprocess.run(["/bin/ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        places = [str(place) for place in (self.folder, self.postgres_folder()) if place]
        return [line for line in listed.splitlines() if any(place in line for place in places)]

    def postgres_folder(self) -> Path | None:
        """Where PostgreSQL's data went because root must not run it and nobody else may enter the clone."""
        note = self.checkout / ".data" / "postgres-folder"
        return Path(note.read_text().strip()) if note.exists() else None

    def _environment(self) -> dict[str, str]:
        passed_on = {name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name)}
        own = "" if self.account else f"{Path(sys.base_prefix, 'bin')}:"
        path = f"{own}/usr/bin:/bin"
        return {"HOME": str(self.home), "PATH": path, "CODERADMIN_PORT": str(self.port), **passed_on}


class Visitor:
    """A browser of the newcomer's, with cookies and without JavaScript."""

    def __init__(self, port: int) -> None:
        self._address = f"http://localhost:{port}"
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def sign_in(self, email: str, password: str) -> str:
        """The path of the page that the sign-in form leads to."""
        with self._opener.open(f"{self._address}/") as form:
            hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form.read().decode()))
            address = form.url
        fields = {**hidden, "username": email, "password": password}
        with self._opener.open(address, urlencode(fields).encode()) as page:
            return str(page.url).removeprefix(self._address)

    def providers(self) -> dict[str, str]:
        """What the list says: the status of each provider by its name."""
        with self._opener.open(f"{self._address}/manage/admin/workspace-providers/") as page:
            return {card["name"]: card["status"] for card in CARD.finditer(page.read().decode())}


@contextmanager
def clean_clone(account: Account | None = None) -> Iterator[Newcomer]:
    folder = Path(tempfile.mkdtemp(prefix="newcomer-"))
    person = Newcomer(folder, free_port(), account)
    try:
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", REPOSITORY, person.checkout], check=True)
        person.home.mkdir()
        if account:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, account.uid, account.gid, follow_symlinks=False)
        yield person
    finally:
        if elsewhere := person.postgres_folder():
            shutil.rmtree(elsewhere)
        shutil.rmtree(folder)
