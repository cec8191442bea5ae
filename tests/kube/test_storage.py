from providers.kube.blocking import run
from providers.kube.storage import StorageClass, storage_classes
from providers.target import ClusterTarget
from tests.clusters import eventually
from tests.kube.things import as_account, with_client

PATH = "/apis/storage.k8s.io/v1/storageclasses"


def make_class(name: str, **fields: object) -> dict[str, object]:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": "kubernetes.io/no-provisioner",
    } | fields


def test_a_class_tells_whether_its_volumes_can_grow(target: ClusterTarget) -> None:
    names = [f"{target.namespace}-{end}" for end in ("grows", "stays")]
    with_client(target, lambda client: client.create(PATH, make_class(names[0], allowVolumeExpansion=True)))
    with_client(target, lambda client: client.create(PATH, make_class(names[1])))
    try:
        found = [each for each in run(storage_classes(target)) if each.name in names]
    finally:
        for name in names:
            with_client(target, lambda client, name=name: client.delete(f"{PATH}/{name}"))
    assert found == [
        StorageClass(name=names[0], is_default=False, allows_expansion=True),
        StorageClass(name=names[1], is_default=False, allows_expansion=False),
    ]


def test_who_may_not_list_them_is_offered_none(target: ClusterTarget) -> None:
    account = as_account(target, "developer", [])
    assert eventually(lambda: run(storage_classes(account)) == [])
