"""The folder of a pod's service account: a bound token, renewed before it ends, and the cluster's CA."""

import asyncio
import logging
from pathlib import Path

from coderadmin.embedded.node.api import Api, ApiError, Object
from coderadmin.embedded.private_files import write_private

logger = logging.getLogger(__name__)
LIFE_SECONDS = 3600
RENEW_SECONDS = LIFE_SECONDS * 0.8
RETRY_SECONDS = 5.0


async def fill_folder(api: Api, pod: Object, folder: Path) -> None:
    """Write `token` and `ca.crt`. Raises ApiError."""
    namespace, account = pod["metadata"]["namespace"], pod["spec"].get("serviceAccountName", "default")
    bound = {"apiVersion": "v1", "kind": "Pod", "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]}
    request = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"audiences": [], "expirationSeconds": LIFE_SECONDS, "boundObjectRef": bound},
    }
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
    answer = await api.create(path, request)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(folder / "ca.crt", api.kubeconfig.ca_pem)
    write_private(folder / "token", answer["status"]["token"])


async def renew_forever(api: Api, pod: Object, folder: Path) -> None:
    """Ends only by cancellation."""
    pause = RENEW_SECONDS
    while True:
        await asyncio.sleep(pause)
        try:
            await fill_folder(api, pod, folder)
            pause = RENEW_SECONDS
        except ApiError as error:
            logger.warning("the token of %s was not renewed: %s", pod["metadata"]["name"], error)
            pause = RETRY_SECONDS
