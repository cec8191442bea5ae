"""Says in one line when a run has seen the sandbox only."""

import pytest

from tests.clusters import NO_REAL_CLUSTER, REAL_KUBECONFIGS


def test_the_named_kubeconfigs_are_there() -> None:
    if not REAL_KUBECONFIGS:
        pytest.skip(NO_REAL_CLUSTER)
    assert [path for path in REAL_KUBECONFIGS if not path.is_file()] == []
