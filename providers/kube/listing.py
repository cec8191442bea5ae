"""Collections that may be long, read in pages."""

from collections.abc import Mapping

from providers.kube.client import KubeClient
from providers.kube.document import Json
from providers.kube.errors import Gone, KubeError, Reason

PAGE = 500  # objects; the largest are some 20 KB, and an answer may have 16 MiB
MOST_PAGES = 400


async def list_all(client: KubeClient, path: str, *, query: Mapping[str, str]) -> list[Json]:
    """All items. A list that changed too much between two pages is begun once more. Raises `KubeError`."""
    try:
        return await _list(client, path, query)
    except Gone:
        return await _list(client, path, query)


async def _list(client: KubeClient, path: str, query: Mapping[str, str]) -> list[Json]:
    items: list[Json] = []
    page = {**query, "limit": str(PAGE)}
    for _ in range(MOST_PAGES):
        answer = await client.get(path, query=page)
        items += answer.get("items") or []
        token = (answer.get("metadata") or {}).get("continue")
        if not token:
            return items
        page["continue"] = str(token)
    raise KubeError(Reason.UNEXPECTED, f"The cluster lists more than {PAGE * MOST_PAGES} objects at {path}.")
