"""The stage of the checks: a fleet that is registered, its database, and a log of what workers store there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import psycopg

from benchmarks.fleet import Fleet
from benchmarks.stack import Environment, Stack
from coderadmin.embedded.processes import Child
from coderadmin.programs import worker_command

CONCURRENCY = 8  # the worker's default
# Each stored check with the moment for which the next one is planned.
LOG = """
CREATE UNLOGGED TABLE check_log (provider_id uuid, live bool, checked_at timestamptz, next_check_at timestamptz);
CREATE FUNCTION log_check() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO check_log VALUES (NEW.id, NEW.failed_checks = 0, NEW.last_check_at, NEW.next_check_at); RETURN NULL;
END $$;
CREATE TRIGGER log_check AFTER UPDATE OF last_check_at ON providers_workspaceprovider
  FOR EACH ROW EXECUTE FUNCTION log_check();
"""
SPREAD = """
UPDATE providers_workspaceprovider SET next_check_at = now() + random() * %s * interval '1 second'
WHERE name LIKE 'endpoint-%%'
"""
REST = "UPDATE providers_workspaceprovider SET next_check_at = NULL"
MOVE = "UPDATE providers_workspaceprovider SET cluster_address = replace(cluster_address, %s, %s) WHERE name = ANY(%s)"


@dataclass
class Scene:
    """What all parts of the measurement use. `interval`: seconds."""

    stack: Stack
    environment: Environment
    fleet: Fleet
    database: psycopg.Connection
    interval: float

    def workers(self, count: int) -> list[Child]:
        command = worker_command(concurrency=CONCURRENCY)
        return [self.stack.start(f"worker-{n}", command, self.environment) for n in range(count)]

    def spread(self) -> None:
        """All are due at some moment of the next interval, and then once in each."""
        self.database.execute(SPREAD, [self.interval])

    def rest(self) -> None:
        """None is due any more."""
        self.database.execute(REST)

    def break_down(self, *, refused: Iterable[int] = (), silent: Iterable[int] = ()) -> None:
        """From now on the ones refuse to connect, and the others accept and never say a word."""
        self.fleet.behave(modes={"silent": list(silent)})
        self._move("port", "refused", names_of(refused))

    def repair(self) -> None:
        """All of them, at once."""
        self.fleet.behave()
        self._move("refused", "port", names_of(range(self.fleet.count)))

    def number(self, query: str, values: Sequence[object]) -> int:
        row = self.database.execute(query, values).fetchone()
        return int(row[0]) if row else 0

    def _move(self, old: str, new: str, names: list[str]) -> None:
        ports = self.fleet.places
        self.database.execute(MOVE, [f":{ports[old]}", f":{ports[new]}", names])


def names_of(numbers: Iterable[int]) -> list[str]:
    return [f"endpoint-{number}" for number in numbers]
