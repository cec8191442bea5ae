import hashlib
import io
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import yaml

from providers.helm import package
from providers.helm.release import CHART_DIRECTORY

PROJECT = Path(__file__).parents[2]


def test_the_chart_has_the_version_of_the_project() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    chart = yaml.safe_load((CHART_DIRECTORY / "Chart.yaml").read_text(encoding="utf-8"))
    assert (chart["version"], chart["appVersion"], package.chart_version()) == (project["version"],) * 3


def test_the_archive_holds_the_chart() -> None:
    with tarfile.open(fileobj=io.BytesIO(package.archive())) as archive:
        names = archive.getnames()
        schema = archive.extractfile("workspace-provider/values.schema.json")
        assert schema and schema.read() == (CHART_DIRECTORY / "values.schema.json").read_bytes()
    assert names[0] == "workspace-provider/Chart.yaml"
    assert {"workspace-provider/values.yaml", "workspace-provider/templates/deployment.yaml"} < set(names)
    assert all(name.startswith("workspace-provider/") for name in names)


def test_the_archive_is_the_same_in_another_process() -> None:
    program = "import sys; from providers.helm import package; sys.stdout.buffer.write(package.archive())"
    other = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, check=True)
    assert other.stdout == package.archive()


def test_helm_reads_the_archive() -> None:
    program = (
        "import sys, helm_python\n"
        "with helm_python.Chart.load_archive(sys.stdin.buffer.read()) as chart:\n"
        "    print(chart.name, chart.version, len(chart.templates), chart.schema['type'])\n"
    )
    read = subprocess.run([sys.executable, "-c", program], input=package.archive(), capture_output=True, check=True)
    templates = len([path for path in (CHART_DIRECTORY / "templates").iterdir() if path.is_file()])
    assert read.stdout.decode().split() == ["workspace-provider", package.chart_version(), str(templates), "object"]


def test_the_index_names_the_archive_and_its_digest() -> None:
    [entry] = yaml.safe_load(package.index())["entries"]["workspace-provider"]
    assert entry["urls"] == [package.archive_name()] == [f"workspace-provider-{package.chart_version()}.tgz"]
    assert entry["digest"] == hashlib.sha256(package.archive()).hexdigest()
    assert entry["kubeVersion"] == ">=1.20.0-0"
