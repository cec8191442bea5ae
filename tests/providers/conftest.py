from typing import Any

import pytest

from providers.choices import OperationKind
from providers.services import running


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Installs a function as the work of a deploy."""

    def install(work: Any) -> None:
        monkeypatch.setitem(running.HANDLERS, OperationKind.DEPLOY, work)

    return install
