"""The chart as any Helm reads it."""

import hashlib
import io
import tarfile

import pytest
import yaml
from django.test import Client
from django.urls import reverse

from providers.helm.package import chart_version
from providers.helm.release import CHART_NAME

pytestmark = pytest.mark.django_db


def test_the_index_names_the_archive_beside_it(client: Client) -> None:
    index = yaml.safe_load(client.get("/charts/index.yaml").content)
    (entry,) = index["entries"][CHART_NAME]
    archive = client.get(f"/charts/{entry['urls'][0]}")
    assert archive.status_code == 200
    assert archive["Content-Type"] == "application/gzip"
    assert hashlib.sha256(archive.content).hexdigest() == entry["digest"]
    with tarfile.open(fileobj=io.BytesIO(archive.content)) as files:
        assert f"{CHART_NAME}/Chart.yaml" in files.getnames()


def test_a_helm_that_has_it_already_is_told_so(client: Client) -> None:
    path = reverse("providers:chart_download", args=[CHART_NAME, chart_version()])
    first = client.get(path)
    assert "max-age" in first["Cache-Control"]
    assert client.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 304


@pytest.mark.parametrize("name", [f"{CHART_NAME}-9.9.9.tgz", "other-0.1.0.tgz", "values.yaml"])
def test_nothing_else_is_there(client: Client, name: str) -> None:
    assert client.get(f"/charts/{name}").status_code == 404


def test_it_is_only_read(client: Client) -> None:
    assert client.post("/charts/index.yaml").status_code == 405
