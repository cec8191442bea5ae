"""The README's first command, by somebody who is not root."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from coderadmin.embedded.processes import Account
from tests.newcomer.checkout import Visitor, clean_clone
from tests.newcomer.programs import STOP_SECONDS, wait_until
from tests.newcomer.test_make_run import (
    INSTALL_SECONDS,
    PROVIDERS_SECONDS,
    READY,
    START_SECONDS,
    WORKING,
    is_without_index,
    ready,
)

NOBODY = Account(uid=65534, gid=65534)
SYSTEM_PYTHON = Path("/usr/bin/python3")  # of others, root may be the only one to reach them
FITS = "import sys, ensurepip; sys.exit(sys.version_info < (3, 11))"

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="test_make_run.py is run by an ordinary user already"),
    pytest.mark.skipif(
        not SYSTEM_PYTHON.exists() or subprocess.run([SYSTEM_PYTHON, "-c", FITS], capture_output=True).returncode != 0,
        reason="no Python 3.11 with venv that an ordinary user could run: apt-get install python3-venv",
    ),
]


def test_an_ordinary_user_runs_it_too() -> None:
    with clean_clone(NOBODY) as person:
        with person.make("install") as pip:
            code = pip.process.wait(INSTALL_SECONDS)
        if code and is_without_index(pip.output()):
            pytest.skip("pip reaches no package index, so that `make run` can't be tried")
        assert code == 0, pip.output()
        with person.make("run") as run:
            run.wait_for(READY, START_SECONDS)
            found = re.search(r"sign in as  (\S+)\n  password    (\S+) ", run.output())
            assert found, run.output()
            visitor = Visitor(person.port)
            visitor.sign_in(found[1], found[2])
            wait_until(lambda: ready(visitor.providers()) >= WORKING, PROVIDERS_SECONDS)
            assert ready(visitor.providers()) >= WORKING
            os.kill(person.supervisor(), signal.SIGINT)
            assert run.process.wait(STOP_SECONDS) == 0
        assert person.postgres_folder() is None, "its own data folder is good enough"
        assert person.processes() == []
        assert list(person.home.iterdir()) == []
