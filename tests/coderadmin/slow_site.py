"""A site for tests/coderadmin/test_limits.py, and gunicorn's worker of the product with less patience."""

from collections.abc import Callable, Iterable
from typing import Any

from coderadmin.web_worker import PromptWorker


class HastyWorker(PromptWorker):
    read_seconds = 1.0


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{len(body)} bytes".encode()]
