"""A person's SSH key: derived from the deployment's secret, so that no table holds it.

Another secret or another session generation (an account that was deactivated) makes another key.
"""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.conf import settings

from organizations.models import User

KEY_PURPOSE = b"coderadmin ssh key"
SEED_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class SSHKey:
    """Both in the formats of OpenSSH."""

    public: str
    private: str = field(repr=False)


def ssh_key_of(user: User) -> SSHKey:
    salt = user.pk.bytes + user.session_generation.to_bytes(4)
    derivation = HKDF(algorithm=SHA256(), length=SEED_BYTES, salt=salt, info=KEY_PURPOSE)
    key = Ed25519PrivateKey.from_private_bytes(derivation.derive(settings.ENCRYPTION_KEYS[0].encode()))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return SSHKey(public=public.decode(), private=private.decode())
