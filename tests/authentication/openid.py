"""A real OpenID provider in a process of its own, and the way there and back."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.http import HttpResponse
from django.test import Client

from authentication.configuration import Configuration

START, CALLBACK = "/sign-in/openid-connect/", "/oidc/callback"


class Provider:
    """`oidc_provider_mock`, which takes registered clients only and wants a nonce."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.issuer = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(self.port)]
        options = ["--require-registration", "--require-nonce"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen([*command, *options], env=os.environ | {"PYTHONWARNINGS": "ignore"}, **quiet)

    def wait(self) -> None:
        for _ in range(300):
            try:
                httpx.get(f"{self.issuer}/jwks")
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the provider does not start")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)

    def register(self, *redirect_uris: str) -> tuple[str, str]:
        """The id and the secret of a new client."""
        answer = httpx.post(f"{self.issuer}/oauth2/clients", json={"redirect_uris": list(redirect_uris)}).json()
        return answer["client_id"], answer["client_secret"]

    def knows(self, subject: str, **claims: Any) -> None:
        httpx.put(f"{self.issuer}/users/{subject}", json=claims).raise_for_status()

    def answer(self, authorize_url: str, subject: str, **form: str) -> str:
        """The person says yes there: the address to which the browser is sent."""
        response = httpx.post(authorize_url, data=form or {"sub": subject})
        assert response.status_code == 302, response.text
        return response.headers["Location"]


@pytest.fixture(scope="session")
def provider_process() -> Iterator[Provider]:
    provider = Provider()
    try:
        provider.wait()
        yield provider
    finally:
        provider.stop()


@pytest.fixture
def provider(provider_process: Provider, db: None) -> Provider:
    """OpenID Connect is on."""
    client_id, secret = provider_process.register(f"http://testserver{CALLBACK}")
    configure(provider_process.issuer, client_id, secret)
    return provider_process


def configure(issuer: str, client_id: str, secret: str, **fields: Any) -> Configuration:
    values = {"issuer": issuer, "client_id": client_id, "client_secret": secret, "openid_connect": True} | fields
    row = Configuration(**values)
    row.save()
    return Configuration.load()


def change(**fields: Any) -> None:
    Configuration.objects.update(**fields)


def begin(client: Client, start: str = START, **query: str) -> str:
    """The address of the provider to which the browser is sent."""
    response = client.get(start, query)
    assert response.status_code == 302, response.text
    return response["Location"]


def come_back(client: Client, location: str) -> HttpResponse:
    parts = urlsplit(location)
    assert parts.path == CALLBACK, location
    return client.get(parts.path, {name: value for name, [value] in parse_qs(parts.query).items()})


def round_trip(provider: Provider, client: Client, subject: str, start: str = START, **query: str) -> HttpResponse:
    return come_back(client, provider.answer(begin(client, start, **query), subject))
