"""Where one websocket frame ends and the next begins, however the bytes are cut."""

from hypothesis import given
from hypothesis import strategies as st
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage

from providers.envproxy.frames import Frames, closing

MESSAGES = st.one_of(
    st.binary(max_size=70_000).map(lambda data: BytesMessage(data=data)),
    st.text(max_size=300).map(lambda text: TextMessage(data=text)),
    st.binary(max_size=125).map(lambda data: Ping(payload=data)),
)


@given(
    messages=st.lists(MESSAGES, max_size=5),
    side=st.sampled_from([ConnectionType.CLIENT, ConnectionType.SERVER]),
    cuts=st.lists(st.integers(1, 5000), min_size=1, max_size=20),
)
def test_it_knows_when_no_frame_is_half_sent(messages: list, side: ConnectionType, cuts: list[int]) -> None:
    sender, frames = Connection(side), Frames()
    wire = [sender.send(message) for message in messages]
    ends = {sum(map(len, wire[: count + 1])) for count in range(len(wire))} | {0}
    data, position, index = b"".join(wire), 0, 0
    while position < len(data):
        part = data[position : position + cuts[index % len(cuts)]]
        frames.follow(part)
        position, index = position + len(part), index + 1
        assert frames.is_between == (position in ends)


@given(messages=st.lists(MESSAGES, max_size=5))
def test_only_messages_count_as_such(messages: list) -> None:
    sender = Connection(ConnectionType.CLIENT)
    data = b"".join(sender.send(message) for message in messages)
    assert Frames().follow(data) == any(not isinstance(message, Ping) for message in messages)


def test_others_understand_the_goodbye() -> None:
    for side, masked in ((ConnectionType.CLIENT, False), (ConnectionType.SERVER, True)):
        receiver = Connection(side)
        receiver.receive_data(closing(1001, masked=masked))
        [event] = receiver.events()
        assert event == CloseConnection(code=1001, reason="")
