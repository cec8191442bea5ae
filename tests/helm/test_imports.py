import re
import subprocess
import sys
from pathlib import Path

import providers.helm

PROJECT = Path(__file__).parents[2]


def test_only_the_child_loads_helm() -> None:
    """Helm hangs in a process that forked after it was loaded, as Celery's workers do."""
    folder = Path(next(iter(providers.helm.__path__)))
    modules = [
        f"providers.helm.{path.stem}" for path in folder.glob("*.py") if path.stem not in ("__init__", "actions")
    ]
    program = f"import sys, {', '.join(modules)}; print('helm_python' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, check=True, text=True)
    assert len(modules) > 5 and answer.stdout == "False\n"


def test_no_other_source_file_names_it() -> None:
    packages = ("coderadmin", "audit", "organizations", "providers", "environments", "infrastructure")
    sources = [path for name in packages for path in (PROJECT / name).rglob("*.py")]
    importing = [
        path for path in sources if re.search(r"^\s*(import|from) helm_python", path.read_text(), re.MULTILINE)
    ]
    assert importing == [PROJECT / "providers/helm/actions.py"]
