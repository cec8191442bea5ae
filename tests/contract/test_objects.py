"""Reading and writing objects: the sandbox answers as a real API server does."""

from kubernetes import client

from tests.clusters import Cluster, api_client


def test_a_secret_can_be_written_and_read(cluster: Cluster) -> None:
    with api_client(cluster.kubeconfig) as api:
        core = client.CoreV1Api(api)
        core.create_namespaced_secret(cluster.namespace, {"metadata": {"name": "s"}, "stringData": {"a": "b"}})
        assert core.read_namespaced_secret("s", cluster.namespace).data == {"a": "Yg=="}
