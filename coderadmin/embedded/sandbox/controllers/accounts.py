"""Token Secrets: filled for their service account, removed with it."""

import base64

from coderadmin.embedded.sandbox.controllers.context import Context
from coderadmin.embedded.sandbox.identity import Tokens
from coderadmin.embedded.sandbox.store import Key, Object

TYPE = "kubernetes.io/service-account-token"
NAME = "kubernetes.io/service-account.name"
UID = "kubernetes.io/service-account.uid"


class TokenSecrets:
    """Gives tokens to the Secrets that ask for one."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def reconcile(self, context: Context) -> None:
        for key, secret in list(context.store.items("", "secrets")):
            if secret.get("type") == TYPE and "deletionTimestamp" not in secret["metadata"]:
                self._reconcile_one(context, key, secret)

    def _reconcile_one(self, context: Context, key: Key, secret: Object) -> None:
        annotations = secret["metadata"].get("annotations") or {}
        account = context.store.get(Key("", "serviceaccounts", key.namespace, annotations.get(NAME, "")))
        if account is None or annotations.get(UID, account["metadata"]["uid"]) != account["metadata"]["uid"]:
            context.store.remove(key)
        elif not (secret.get("data") or {}).get("token"):
            context.change(key, lambda new: self._fill(new, account, context.ca_pem))

    def _fill(self, secret: Object, account: Object, ca_pem: str) -> None:
        metadata = secret["metadata"]
        metadata["annotations"][UID] = account["metadata"]["uid"]
        token = self._tokens.issue_for_secret(account, metadata["name"])
        content = {"token": token, "namespace": metadata["namespace"], "ca.crt": ca_pem}
        encoded = {name: base64.b64encode(text.encode()).decode() for name, text in content.items()}
        secret["data"] = (secret.get("data") or {}) | encoded
