"""What the web process never loads, so that it starts quickly and stays small."""

import subprocess
import sys

LOADED = """
import sys
import coderadmin.wsgi, coderadmin.urls
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"kubernetes", "helm_python", "coderadmin"}))
"""


def test_the_web_process_loads_neither_helm_nor_the_kubernetes_client() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["coderadmin"]
