"""Reading what Go clients send, and refusing what nobody sends."""

import pytest

from coderadmin.embedded.sandbox.errors import ApiError
from coderadmin.embedded.sandbox.protobuf import decode


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2, len(content)]) + content


def _envelope(kind: str, content: bytes, api_version: str = "v1") -> bytes:
    return b"k8s\x00" + _field(1, _field(1, api_version.encode()) + _field(2, kind.encode())) + _field(2, content)


def test_a_secret_is_read() -> None:
    metadata = _field(1, b"key") + _field(11, _field(1, b"owner") + _field(2, b"helm"))
    content = _field(1, metadata) + _field(2, _field(1, b"a") + _field(2, b"b")) + _field(3, b"Opaque")
    assert decode(_envelope("Secret", content)) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "key", "labels": {"owner": "helm"}},
        "data": {"a": "Yg=="},
        "type": "Opaque",
    }


def test_an_empty_value_and_a_zero_are_kept_where_they_mean_something() -> None:
    secret = decode(_envelope("Secret", _field(2, _field(1, b"empty"))))
    assert secret["data"] == {"empty": ""}
    assert decode(_envelope("DeleteOptions", bytes([1 << 3, 0])))["gracePeriodSeconds"] == 0


def test_an_unknown_type_is_refused_as_such() -> None:
    with pytest.raises(ApiError) as refused:
        decode(_envelope("Pod", b""))
    assert refused.value.code == 415


@pytest.mark.parametrize(
    "raw",
    [b"", b"{}", b"k8s\x00", b"k8s\x00\xff\xff", _envelope("Secret", _field(1, b"key"))[:-2], b"k8s\x00" + b"\x80" * 9],
    ids=["empty", "json", "nothing", "endless", "cut", "unended"],
)
def test_a_broken_body_is_a_bad_request(raw: bytes) -> None:
    with pytest.raises(ApiError) as refused:
        decode(raw)
    assert refused.value.code == 400
