"""gunicorn's threads, but a client that sends its request drop by drop holds up none of them for long."""

import socket
import threading
import time
from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

READ_SECONDS = 30.0
LOOK_SECONDS = 1.0


class PromptWorker(ThreadWorker):
    """After READ_SECONDS nothing more of a request is read; its answer may take longer."""

    read_seconds = READ_SECONDS

    def init_process(self) -> None:
        self._reading: dict[Any, float] = {}
        threading.Thread(target=self._watch, name="slow clients", daemon=True).start()
        super().init_process()

    def handle(self, conn: Any) -> Any:
        self._reading[conn] = time.monotonic() + self.read_seconds
        try:
            return super().handle(conn)
        finally:
            del self._reading[conn]

    def _watch(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            for conn, end in list(self._reading.items()):
                if time.monotonic() > end:
                    with suppress(OSError):  # gone by itself
                        conn.sock.shutdown(socket.SHUT_RD)
