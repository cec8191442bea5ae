"""Certificates and keys as text: checked before they are stored, so that no call fails on them later."""

import binascii
from base64 import b64decode

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.hazmat.primitives.serialization import load_pem_private_key as load_key
from cryptography.x509 import Certificate, load_pem_x509_certificates


class PemError(ValueError):
    """The text is no usable certificate or key; the message never repeats it."""


def normalise_certificates(text: str) -> str:
    """Only the certificates of `text`, in PEM. Raises `PemError`."""
    return "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in _certificates(text))


def normalise_pair(certificate_text: str, key_text: str) -> tuple[str, str]:
    """Certificate chain and its unencrypted private key, in PEM. Raises `PemError`, also when they are not a pair."""
    certificates = _certificates(certificate_text)
    try:
        key = load_key(key_text.encode(), password=None)
    except TypeError as error:
        raise PemError("the key is protected by a password; give it without one") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise PemError("it is not a private key in PEM, or one of a kind that is not supported") from error
    spki = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*spki) != _public_key_of(certificates[0]).public_bytes(*spki):
        raise PemError("the client key does not belong to the client certificate")
    key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return normalise_certificates(certificate_text), key_pem


def decode_base64(text: str) -> str:
    """The text behind the base64 of a kubeconfig's `…-data` field. Raises `PemError`."""
    try:
        return b64decode("".join(text.split()), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise PemError("it is not valid base64") from error


def _public_key_of(certificate: Certificate) -> CertificatePublicKeyTypes:
    try:
        return certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise PemError("the certificate has a key of a kind that is not supported") from error


def _certificates(text: str) -> list[Certificate]:
    try:
        return load_pem_x509_certificates(text.encode())
    except ValueError as error:
        raise PemError("it is not a certificate in PEM") from error
