"""What the web process never loads, so that it starts quickly and stays small."""

import subprocess
import sys

FOR_WORKERS = {"kubernetes", "helm_python", "aiohttp", "providers.kube.client", "providers.helm.gateway"}
LOADED = f"""
import sys
import coderadmin.wsgi, coderadmin.urls
print(*sorted(sys.modules.keys() & {FOR_WORKERS | {"coderadmin.urls"}}))
"""


def test_the_web_process_loads_nothing_that_asks_clusters() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["coderadmin.urls"]
