"""Namespaces: what each one holds from the start, and their end, which takes everything in them along."""

from coderadmin.embedded.sandbox.controllers.context import Context
from coderadmin.embedded.sandbox.deleting import begin_deletion
from coderadmin.embedded.sandbox.store import Key, Object

ROOT_CA = "kube-root-ca.crt"


def reconcile(context: Context) -> None:
    for key, namespace in list(context.store.items("", "namespaces")):
        if "deletionTimestamp" in namespace["metadata"]:
            _terminate(context, key, namespace)
        else:
            _furnish(context, key.name)


def _furnish(context: Context, namespace: str) -> None:
    """Every namespace has a default service account and the cluster's CA."""
    wanted: tuple[tuple[str, str, str, Object], ...] = (
        ("serviceaccounts", "default", "ServiceAccount", {}),
        ("configmaps", ROOT_CA, "ConfigMap", {"data": {"ca.crt": context.ca_pem}}),
    )
    for plural, name, kind, content in wanted:
        key = Key("", plural, namespace, name)
        if context.store.get(key) is None:
            metadata = {"name": name, "namespace": namespace}
            context.store.create(key, {"apiVersion": "v1", "kind": kind, "metadata": metadata, **content})


def _terminate(context: Context, key: Key, namespace: Object) -> None:
    content = [found for found in context.store.everything() if found[0].namespace == key.name]
    for other, one in content:
        if "deletionTimestamp" not in one["metadata"]:
            begin_deletion(context.store, other)
    if not content and context.is_due(("terminate", namespace["metadata"]["uid"]), context.pace.stop):
        context.change(key, _let_go)


def _let_go(namespace: Object) -> None:
    namespace["spec"]["finalizers"] = []
