"""No text of Helm carries a secret, in whatever form it got there."""

import base64
import io

import pytest

from providers.helm.process import STDERR_LIMIT, tail
from providers.helm.release import redact
from tests.kube.authority import Authority

TOKEN = "cap_" + "0123456789abcdef" * 4
KEY = Authority().issue()[1]
SECRETS = [TOKEN, KEY, ""]


@pytest.mark.parametrize(
    "said",
    [
        f"cannot use {TOKEN} here",
        f"data: {base64.b64encode(TOKEN.encode()).decode()}",
        f"client-key-data: {base64.b64encode(KEY.encode()).decode()}",
        f"bad key {KEY}",
        "on one line: " + " ".join(KEY.split()),
    ],
)
def test_it_is_hidden(said: str) -> None:
    shown = redact(said, SECRETS)
    assert "[hidden]" in shown
    lines = [line for line in KEY.splitlines()[1:-1] if len(line) > 20]
    assert not [form for form in (TOKEN, base64.b64encode(TOKEN.encode()).decode(), *lines) if form in shown]


def test_what_is_no_secret_stays() -> None:
    assert redact("-----BEGIN CERTIFICATE----- connection refused", SECRETS).endswith("connection refused")


def test_the_cut_goes_through_no_secret() -> None:
    stderr = io.BytesIO((TOKEN + "x" * (STDERR_LIMIT - 10)).encode())
    shown = tail(stderr, SECRETS)
    assert len(shown) <= STDERR_LIMIT
    assert TOKEN[-10:] not in shown
