import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection

from organizations.models import User
from tests.api.things import make_token
from tests.embedded.test_run import free_port, wait_until
from tests.wire.original import Original

Sign = Callable[..., Original]
START_SECONDS = 60


@pytest.fixture
def sign_in(live_server: Any) -> Sign:
    """The client of a person, with a token of that person."""
    return lambda person=None, *scopes, **options: client_of(live_server.url, person, *scopes, **options)


def client_of(url: str, person: User | None, *scopes: Any, **options: Any) -> Original:
    token = make_token(person, *scopes) if person else ""
    return Original(url, token=token, **options)


@dataclass(frozen=True, kw_only=True)
class Web:
    url: str
    process: subprocess.Popen[bytes]

    def threads(self) -> int:
        """Of its one worker."""
        main = self.process.pid
        [worker] = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        return len(list(Path(f"/proc/{worker}/task").iterdir()))


@pytest.fixture(scope="module")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A real `coderadmin web`, with one process of two threads, on the database of the tests."""
    url, log = f"http://127.0.0.1:{free_port()}", tmp_path_factory.mktemp("web") / "log"
    environment = os.environ | {
        "DATABASE_URL": _database_url(),
        "CODERADMIN_ACCESS_URL": url,
        "CODERADMIN_EXTRA_HOSTS": "127.0.0.1",
        "CODERADMIN_PORT": str(urlsplit(url).port),
    }
    command = [sys.executable, "-m", "coderadmin.cli", "web", "--host", "127.0.0.1", "--workers", "1", "--threads", "2"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: _answers(url) or process.poll() is not None, START_SECONDS)
        assert process.poll() is None, Path(log).read_text()
        yield Web(url=url, process=process)
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def _answers(url: str) -> bool:
    try:
        return bool(Original(url).version())
    except OSError:
        return False


def _database_url() -> str:
    """That of the run, with the name of the database that holds the tests' rows."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    return parts._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
