"""Whether dead clusters make the checks of live ones late: one worker, with the dead ones and without, in turns.

Half of the dead ones refuse, half are silent. A turn with them begins with their outage: they were Ready before.
"""

import json
import time
from collections.abc import Sequence
from datetime import datetime

import psycopg

from benchmarks.dead import DeadAddresses, dead_addresses
from benchmarks.measures import Sample
from benchmarks.seed import LIST
from benchmarks.site import Visitor, serve
from benchmarks.stack import Environment, Stack
from coderadmin.embedded.processes import Child
from coderadmin.embedded.sandbox.process import SandboxProcess, running_sandbox
from coderadmin.programs import beat_command, worker_command

CLUSTERS = ["one", "two", "three"]
LIVE, DEAD = 180, 20
INTERVAL = 5.0  # seconds between two checks of a provider
TIMEOUT = 11.0  # seconds: a bit more than that of a check, so that no turn sees the work of the one before
SWEEP = 2000.0  # milliseconds between two sweeps: the grain of lateness
BESIDE = ["", f" beside {DEAD} dead"]
PAUSE = 0.25  # seconds between two requests of the page
CONCURRENCY = 8  # the worker's default

# Each stored check with the moment for which the next one is planned.
LOG = """
CREATE UNLOGGED TABLE check_log (provider_id uuid, live bool, checked_at timestamptz, next_check_at timestamptz);
CREATE FUNCTION log_check() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO check_log VALUES (NEW.id, NEW.name LIKE 'live-%', NEW.last_check_at, NEW.next_check_at); RETURN NULL;
END $$;
CREATE TRIGGER log_check AFTER UPDATE OF last_check_at ON providers_workspaceprovider
  FOR EACH ROW EXECUTE FUNCTION log_check();
"""
LATENESS = """
SELECT 1000 * extract(epoch FROM checked_at - due) FROM (
  SELECT checked_at, live, lag(next_check_at) OVER (PARTITION BY provider_id ORDER BY checked_at) AS due FROM check_log
) AS checks WHERE live AND due BETWEEN %s AND %s
"""
PLAN = """
UPDATE providers_workspaceprovider
SET next_check_at = now() + random() * %s * interval '1 second', failed_checks = 0, status = 'ready', reason = ''
WHERE name LIKE %s
"""
REST = "UPDATE providers_workspaceprovider SET next_check_at = NULL WHERE name LIKE 'dead-%'"


def measure(stack: Stack, *, turns: int, seconds: float) -> list[Sample]:
    """Lateness of the live ones and the time of the list, `turns` times without the dead ones and then with them."""
    environment = stack.database("checks", CODERADMIN_CHECK_INTERVAL=str(INTERVAL))
    with running_sandbox(stack.folder / "sandbox", CLUSTERS) as sandbox, dead_addresses() as addresses:
        stack.run(["benchmarks.fleet"], environment, given=_description(sandbox, addresses))
        visitor = serve(stack, "web-checks", environment)
        children = _start_worker_and_beat(stack, environment)
        with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as database:
            database.execute(LOG)
            database.execute(PLAN, [INTERVAL, "live-%"])
            samples = _take_turns(database, visitor, turns=turns, seconds=seconds)
        for child in children:
            stack.stop(child)
    return samples


def _description(sandbox: SandboxProcess, dead: DeadAddresses) -> str:
    kubeconfigs = [str(sandbox.kubeconfig(cluster)) for cluster in CLUSTERS]
    addresses = {"refused": dead.refused, "silent": dead.silent}
    return json.dumps({"kubeconfigs": kubeconfigs, "live": LIVE, "dead": DEAD} | addresses)


def _start_worker_and_beat(stack: Stack, environment: Environment) -> list[Child]:
    return [
        stack.start("worker", worker_command(concurrency=CONCURRENCY), environment),
        stack.start("beat", beat_command(stack.folder / "beat-schedule"), environment),
    ]


def _take_turns(database: psycopg.Connection, visitor: Visitor, *, turns: int, seconds: float) -> list[Sample]:
    late = [Sample(name=f"lateness, {LIVE} live{beside}", limit=SWEEP) for beside in BESIDE]
    page = [Sample(name=f"list meanwhile, {LIVE} live{beside}") for beside in BESIDE]
    late[1].baselines, page[1].baselines = [late[0].name], [page[0].name]
    _settle(database, visitor, INTERVAL)
    for with_dead in (False, True) * turns:
        if with_dead:
            database.execute(PLAN, [INTERVAL, "dead-%"])
        moments = _watch(visitor, page[with_dead], seconds)
        _settle(database, visitor, TIMEOUT if with_dead else INTERVAL)
        late[with_dead].values += [float(row[0]) for row in database.execute(LATENESS, moments)]
    return [*late, *page]


def _settle(database: psycopg.Connection, visitor: Visitor, seconds: float) -> None:
    """Without the dead ones, until the work of the turn is done and stored; the page is kept warm."""
    database.execute(REST)
    _watch(visitor, Sample(name="warm-up"), seconds)
    database.execute(REST)  # a check that was under way has planned another one


def _watch(visitor: Visitor, page: Sample, seconds: float) -> Sequence[datetime]:
    """Ask for the list from time to time; gives the first and the last moment."""
    begin = datetime.now().astimezone()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        page.values.append(visitor.get(LIST).milliseconds)
        time.sleep(PAUSE)
    return begin, datetime.now().astimezone()
