"""Websocket frames (RFC 6455, 5.2): where they begin and end, and the one that says goodbye."""

import os
import struct

FINAL, MASKED = 0x80, 0x80
CLOSE = 0x8  # this and the operation codes above are not messages


class Frames:
    """Follows the frames of one direction without looking into them."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._left = 0  # bytes of the payload that have not come yet
        self._is_message = False

    @property
    def is_between(self) -> bool:
        """Whether a frame of ours may be put in now."""
        return not self._left and not self._head

    def follow(self, data: bytes) -> bool:
        """Whether anything in it belongs to a message, not only to pings, pongs and closing."""
        position, has_message = 0, False
        while position < len(data):
            if self._left:
                step = min(self._left, len(data) - position)
                self._left -= step
                position += step
            else:
                self._head.append(data[position])
                position += 1
                self._begin_payload()
            has_message |= self._is_message
        return has_message

    def _begin_payload(self) -> None:
        if (size := payload_size(self._head)) is not None:
            self._is_message = self._head[0] & 0xF < CLOSE
            self._left = size
            self._head.clear()


def payload_size(head: bytes | bytearray) -> int | None:
    """Of a frame with this head; None while the head is not complete."""
    if len(head) < 2:
        return None
    extra = {126: 2, 127: 8}.get(head[1] & 0x7F, 0)
    if len(head) < 2 + extra + (4 if head[1] & MASKED else 0):
        return None
    return int.from_bytes(head[2 : 2 + extra], "big") if extra else head[1] & 0x7F


def closing(code: int, *, masked: bool) -> bytes:
    """A frame that closes a websocket; `masked` as clients must send it."""
    payload = struct.pack("!H", code)
    if not masked:
        return bytes([FINAL | CLOSE, len(payload)]) + payload
    mask = os.urandom(4)
    hidden = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
    return bytes([FINAL | CLOSE, MASKED | len(payload)]) + mask + hidden
