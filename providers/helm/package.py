"""The chart as an archive, and the index of a chart repository that has just this one."""

import gzip
import hashlib
import io
import tarfile
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from providers.helm.release import CHART_DIRECTORY, CHART_NAME


@cache
def chart_version() -> str:
    return str(_metadata()["version"])


@cache
def default_values() -> dict[str, Any]:
    """The chart's own values, which hold where nobody sets another."""
    values: dict[str, Any] = yaml.safe_load((CHART_DIRECTORY / "values.yaml").read_text(encoding="utf-8"))
    return values


def archive_name() -> str:
    return f"{CHART_NAME}-{chart_version()}.tgz"


@cache
def archive() -> bytes:
    """The .tgz of the chart: the same bytes whoever makes it, whenever and wherever."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.USTAR_FORMAT) as archive_file:
        for path in _chart_files():
            content = path.read_bytes()
            entry = tarfile.TarInfo(f"{CHART_NAME}/{path.relative_to(CHART_DIRECTORY).as_posix()}")
            entry.size = len(content)
            archive_file.addfile(entry, io.BytesIO(content))
    return gzip.compress(tar.getvalue(), mtime=0)


@cache
def index() -> str:
    """The index.yaml of the repository; the archive lies beside it."""
    entry = _metadata() | {"urls": [archive_name()], "digest": hashlib.sha256(archive()).hexdigest()}
    return yaml.safe_dump({"apiVersion": "v1", "entries": {CHART_NAME: [entry]}}, sort_keys=False)


def _metadata() -> dict[str, Any]:
    metadata: dict[str, Any] = yaml.safe_load((CHART_DIRECTORY / "Chart.yaml").read_text(encoding="utf-8"))
    return metadata


def _chart_files() -> list[Path]:
    """Chart.yaml first, as Helm's own archives have it; hidden files stay out."""
    files = [path for path in sorted(CHART_DIRECTORY.rglob("*")) if path.is_file() and not path.name.startswith(".")]
    return sorted(files, key=lambda path: path.name != "Chart.yaml")
