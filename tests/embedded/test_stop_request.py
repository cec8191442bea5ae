"""A signal that asks the supervisor to stop never breaks off what is being done."""

import os
import signal
from collections.abc import Iterator

import pytest

from coderadmin.embedded.supervisor import STOP_SIGNALS, StopRequest, StopRequestedError


@pytest.fixture(autouse=True)
def handlers_of_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_a_signal_is_noted_and_obeyed_where_the_supervisor_looks(number: signal.Signals) -> None:
    request = StopRequest()
    request.listen()
    request.check()
    os.kill(os.getpid(), number)  # an exception out of the handler would come from this line
    with pytest.raises(StopRequestedError):
        request.check()
