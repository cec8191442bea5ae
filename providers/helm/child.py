"""The one program that loads Helm: `python -m providers.helm.child LISTENER` does one action and ends.

LISTENER: the descriptor of the socket at which its tunnel begins. stdin: one JSON object, see `Request`. stdout: JSON
lines with a "type": log (text), writing (from now on the cluster changes), result (value), or error (code, message).
SIGTERM cancels. Nothing secret is in the arguments, the environment, a file or the output.
"""

import signal
import socket
import sys
import threading

from coderadmin.destinations import Rule, use
from providers.helm.channel import read_request
from providers.helm.confinement import connect_only_to
from providers.helm.tunnel import Tunnel


def main() -> None:
    """Helm runs in a second thread: while it is in a call, a signal would not reach Python in the same one."""
    request = read_request()
    use(Rule.from_json(request["rule"]))
    listener = socket.socket(fileno=int(sys.argv[1]))
    tunnel = Tunnel(listener, request["kubeconfig"])  # its threads are as free as before
    is_confined = connect_only_to(listener.getsockname()[1])
    from providers.helm import actions  # starts the threads of Go, which are confined

    session = actions.begin(request, tunnel, is_confined=is_confined)
    if request["action"] in actions.WRITING:
        signal.signal(signal.SIGTERM, session.cancel)
    worker = threading.Thread(target=actions.answer, args=[session])
    worker.start()
    while worker.is_alive():
        worker.join(timeout=0.2)


if __name__ == "__main__":
    main()
