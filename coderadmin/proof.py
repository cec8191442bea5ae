"""How the deployment recognises itself at an address that it is to have: by an answer that takes the SECRET_KEY."""

import hmac
import re

from django.utils.crypto import salted_hmac

PROOF_PATH = re.compile(r"/\.well-known/coderadmin/([0-9a-f]{32,64})")


def proof_of(challenge: str) -> str:
    """What only this deployment answers to a challenge."""
    return salted_hmac("coderadmin.access_url", challenge, algorithm="sha256").hexdigest()


def is_proof(challenge: str, answer: str) -> bool:
    return hmac.compare_digest(proof_of(challenge).encode(), answer.encode(errors="replace"))
