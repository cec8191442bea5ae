"""Gives a test run its own PostgreSQL and Valkey: `-p coderadmin.embedded.pytest_plugin`.

They start when this module is imported, which is before Django reads its settings, and stop at exit.
"""

import atexit
import os
from contextlib import ExitStack

from coderadmin.embedded.temporary import temporary_services

_services = ExitStack()
os.environ.update(_services.enter_context(temporary_services()))
atexit.register(_services.close)
