"""Who may use which environment: what the control plane said, kept for a short time and asked anew."""

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from providers.envproxy.connections import POLICY_VIOLATION, Connection
from providers.envproxy.control_plane import ControlPlane, Refused, Unreachable

logger = logging.getLogger(__name__)

ASK_AGAIN = 10.0  # seconds, until the control plane says otherwise
GOOD_FOR = 600.0  # seconds that an old verdict counts while the control plane can't be reached
FIRST_PATIENCE = 20.0  # seconds that a person without a verdict waits
PATIENCE = 2.0  # seconds that a person with an older verdict waits for a new one
RETRY = 1.0  # seconds between two questions without an answer
MOST_ASKED = 500  # uses in one question
MOST_KEPT = 10_000  # uses; about 5 MB
LABEL = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`state` is the environment's; it is served at `port` of the Kubernetes Service."""

    is_allowed: bool
    state: str = ""
    service: str = ""
    port: int = 0

    @classmethod
    def read(cls, document: dict[str, Any]) -> "Verdict":
        """Raises KeyError, TypeError or ValueError for what is not a verdict."""
        if document["allowed"] is not True:
            return REFUSAL
        service, port = str(document["service"]), int(document["port"])
        if not LABEL.fullmatch(service) or not 0 < port < 65536:
            raise ValueError("neither a Service nor its port")
        return cls(True, str(document["state"]), service, port)


REFUSAL = Verdict(False)


@dataclass(eq=False, slots=True)
class Use:
    """One session at one environment. `is_active`: bytes went through since the last question."""

    session: str = field(repr=False)
    environment: str
    verdict: Verdict = REFUSAL
    told_at: float = float("-inf")  # by the loop's clock
    is_active: bool = False
    connections: set[Connection] = field(default_factory=set)
    answer: "asyncio.Future[None] | None" = None
    waiters: int = 0

    @contextmanager
    def carrying(self, connection: Connection) -> Iterator[None]:
        """While inside, the connection is ended when the control plane refuses this use."""
        self.connections.add(connection)
        try:
            yield
        finally:
            self.connections.discard(connection)

    def tell(self, verdict: Verdict, now: float) -> None:
        self.verdict, self.told_at = verdict, now
        if self.answer and not self.answer.done():
            self.answer.set_result(None)
        self.answer = None
        if not verdict.is_allowed:
            self.end()

    def end(self) -> None:
        for connection in tuple(self.connections):
            connection.end(POLICY_VIOLATION)


class Access:
    """The uses of this program, least recently used first, and the one task that asks about them."""

    def __init__(self, control_plane: ControlPlane) -> None:
        self._control_plane = control_plane
        self._uses: OrderedDict[tuple[str, str], Use] = OrderedDict()
        self._waiting: list[Use] = []
        self._somebody_waits = asyncio.Event()
        self._ask_again = ASK_AGAIN
        self._failed_at = float("-inf")  # the last question, if it failed

    async def use(self, session: str, environment: str) -> Use:
        """With a verdict that counts now. Raises Unreachable when there is none."""
        use = self._find(session, environment)
        use.is_active = True
        now = asyncio.get_running_loop().time()
        age = now - use.told_at
        counts = age <= GOOD_FOR
        is_cut_off = now - self._failed_at < 3 * self._ask_again  # the next turn has failed as well, or is late
        if age <= self._ask_again or (counts and is_cut_off):
            return use
        if not await self._is_answered(use, PATIENCE if counts else FIRST_PATIENCE) and not counts:
            raise Unreachable("no verdict")
        return use

    async def ask_forever(self) -> None:
        """Asks for those who wait at once, and in turns about all that are in use. Ends only by cancellation."""
        loop = asyncio.get_running_loop()
        while True:
            last = loop.time()
            while loop.time() < (turn := last + self._ask_again):
                await self._ask_for_waiting(turn)
            self._forget(loop.time())
            await self._ask([use for use in self._uses.values() if use.is_active or use.connections])

    async def _ask_for_waiting(self, turn: float) -> None:
        try:
            async with asyncio.timeout_at(turn):
                await self._somebody_waits.wait()
        except TimeoutError:
            return
        self._somebody_waits.clear()
        await self._ask([use for use in self._waiting if use.answer])
        for use in self._waiting:
            if not use.waiters:
                use.answer = None
        self._waiting = [use for use in self._waiting if use.answer]
        if self._waiting:
            await asyncio.sleep(RETRY)
            self._somebody_waits.set()

    async def _ask(self, uses: Sequence[Use]) -> None:
        remaining = iter(tuple(uses))
        while some := tuple(islice(remaining, MOST_ASKED)):
            verdicts = await self._verdicts(some)
            if not verdicts:
                return
            now = asyncio.get_running_loop().time()
            for use, verdict in zip(some, verdicts, strict=True):
                use.tell(verdict, now)

    async def _verdicts(self, uses: Sequence[Use]) -> list[Verdict]:
        """One a use, or none when the control plane can't be reached. Its refusal of our token refuses all."""
        active = [use.is_active for use in uses]
        document = [{"session": use.session, "environment": use.environment, "active": use.is_active} for use in uses]
        for use in uses:
            use.is_active = False
        try:
            verdicts = self._read(await self._control_plane.post("access", {"uses": document}), len(uses))
        except Refused as error:
            if error.status != 404:
                logger.warning("%s no longer accepts this provider's token: %s", self._control_plane.access_url, error)
                return [REFUSAL] * len(uses)
            problem = str(error)
        except (Unreachable, KeyError, TypeError, ValueError) as error:
            problem = str(error)
        else:
            self._failed_at = float("-inf")
            return verdicts
        if self._failed_at == float("-inf"):
            logger.warning("%s can't be asked who may go in: %s", self._control_plane.access_url, problem)
        self._failed_at = asyncio.get_running_loop().time()
        for use, was_active in zip(uses, active, strict=True):
            use.is_active |= was_active
        return []

    def _read(self, answer: dict[str, Any], count: int) -> list[Verdict]:
        verdicts = [Verdict.read(document) for document in answer["verdicts"]]
        if len(verdicts) != count:
            raise ValueError(f"{len(verdicts)} verdicts on {count} uses")
        self._ask_again = max(1.0, float(answer.get("ask_again_seconds", ASK_AGAIN)))
        return verdicts

    async def _is_answered(self, use: Use, seconds: float) -> bool:
        """Whether the control plane has spoken about it within so many seconds."""
        if use.answer is None:
            use.answer = asyncio.get_running_loop().create_future()
            self._waiting.append(use)
            self._somebody_waits.set()
        use.waiters += 1
        try:
            await asyncio.wait_for(asyncio.shield(use.answer), seconds)
        except TimeoutError:
            return False
        finally:
            use.waiters -= 1
        return True

    def _find(self, session: str, environment: str) -> Use:
        key = session, environment
        use = self._uses.get(key)
        if use is None:
            self._make_room()
            use = self._uses[key] = Use(session, environment)
        self._uses.move_to_end(key)
        return use

    def _make_room(self) -> None:
        """At the cost of those whom nobody allowed, if there are any: strangers can't push people out."""
        if len(self._uses) < MOST_KEPT:
            return
        idle = [(key, use) for key, use in self._uses.items() if not use.connections and not use.waiters]
        for key, _ in [each for each in idle if not each[1].verdict.is_allowed][:1] or idle[:1]:
            del self._uses[key]

    def _forget(self, now: float) -> None:
        """What nobody has used for so long, and what went on without an answer for so long."""
        for key, use in tuple(self._uses.items()):
            if now - use.told_at > GOOD_FOR and not use.waiters:
                use.end()
                del self._uses[key]
