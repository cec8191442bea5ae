"""Deploys on control planes: our whole path beside Helm alone, many at a time, and the log that one watches."""

import copy
import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import psycopg

from benchmarks import bare_helm
from benchmarks.clusters import Ground, fresh_ground
from benchmarks.deployments import Registered
from benchmarks.kernel import busy_seconds
from benchmarks.manager import Deploy, Manager, panel_in
from benchmarks.measures import Report, Sample, Target
from benchmarks.page_cases import Case
from benchmarks.pages import Site, Visit, pay_in_turns
from benchmarks.processes import cpu_of
from benchmarks.seed import LIST
from benchmarks.site import FRAGMENT, Server, Visitor, start_server
from benchmarks.stack import BenchmarkError, Environment, Stack
from coderadmin import destinations
from coderadmin.embedded.processes import Child
from coderadmin.programs import worker_command
from providers.helm import gateway
from providers.helm.release import HelmError
from providers.helm.values import Values
from providers.target import ClusterTarget

CONCURRENCY = 8
TURNS, QUICK_TURNS = 15, 1
ROUNDS, QUICK_ROUNDS = 5, 1  # redeploys of each of as many providers as are deployed at a time
LOG_ROUNDS, QUICK_LOG_ROUNDS = 100, 10
HELM_PATIENCE = 300  # seconds, the default of CODERADMIN_DEPLOY_TIMEOUT
FIRST_LINE = 1000.0  # milliseconds
BARE, WRAPPED, WHOLE = "redeploy by Helm's library", "redeploy by our Helm call", "redeploy by our whole path"
ALONE, AMONG = "first line after Deploy", f"first line after Deploy, {CONCURRENCY} at a time"
LOGS = [("succeeded", 100), ("succeeded", 500), ("succeeded", 10_000), ("running", 10_000)]
SHORT, SHOWN, LONG = (f"page of a log of {lines:,} lines" for _, lines in LOGS[:3])
NEWS, NO_NEWS = "poll of a log of 10,000 lines, a new one", "poll of a log of 10,000 lines, nothing new"


@dataclass
class Scene:
    """What all parts of the measurement use."""

    stack: Stack
    environment: Environment
    ground: Ground
    server: Server
    visitor: Visitor
    worker: Child
    registered: Registered
    managers: list[Manager]

    @property
    def where(self) -> str:
        return f"on {os.cpu_count()} cores, which they share with {self.ground.what}"

    def fresh_values(self) -> Values:
        """Of the first provider. With a token of its own each redeploy rolls the pods, as ours does."""
        values: Values = copy.deepcopy(self.registered["providers"][0][1])
        values["envproxy"]["token"] = secrets.token_hex(32)
        return values


def measure(stack: Stack, quick: bool) -> Report:
    """All of the section, on namespaces that go at the end."""
    report = Report()
    destinations.use(destinations.Rule(is_loopback_allowed=True))
    with fresh_ground(stack.folder, CONCURRENCY) as ground, _scene(stack, ground) as scene:
        _deploy_all(scene, rounds=1)  # the first installs
        _compare_with_helm(scene, report, turns=QUICK_TURNS if quick else TURNS)
        _deploy_many(scene, report, rounds=QUICK_ROUNDS if quick else ROUNDS)
        _read_logs(scene, report, rounds=QUICK_LOG_ROUNDS if quick else LOG_ROUNDS)
    return report


@contextmanager
def _scene(stack: Stack, ground: Ground) -> Iterator[Scene]:
    """A web process and a worker for operations alone, as the embedded stack has them."""
    environment = stack.database("operations", CODERADMIN_ALLOWED_NETWORKS="127.0.0.0/8")
    given = {"targets": [asdict(target) for target in ground.targets], "logs": LOGS}
    printed = stack.run(["benchmarks.deployments"], environment, given=json.dumps(given))
    registered: Registered = json.loads(printed.splitlines()[-1])  # before it: the lines of the audit log
    server = start_server(stack, "web-operations", environment, threads=CONCURRENCY)
    visitor = Visitor(server.port)
    visitor.sign_in()
    command = worker_command(concurrency=CONCURRENCY, queues=["operations"])
    worker = stack.start("worker-operations", command, environment)
    try:
        with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as database:
            providers = [provider for provider, _ in registered["providers"]]
            managers = [Manager.of(provider, visitor.at(server.port), database) for provider in providers]
            yield Scene(stack, environment, ground, server, visitor, worker, registered, managers)
    finally:
        stack.stop(worker)
        stack.stop(server.program)


def _compare_with_helm(scene: Scene, report: Report, *, turns: int) -> None:
    """In turns A B C on one release. CPU is that of Helm's process, and for the whole path of the worker too."""
    bare, wrapped = Sample(name=BARE), Sample(name=WRAPPED, baselines=[BARE])
    whole, first_line = Sample(name=WHOLE, baselines=[BARE, WRAPPED]), Sample(name=ALONE, limit=FIRST_LINE)
    for _ in range(turns):
        for sample, redeploy in ((bare, bare_helm.redeploy), (wrapped, _by_our_wrapper)):
            before, began = _cpu_of_children(), time.perf_counter()
            redeploy(scene.ground.targets[0], scene.fresh_values(), timeout=HELM_PATIENCE)
            sample.values.append((time.perf_counter() - began) * 1000)
            sample.cpu.append((_cpu_of_children() - before) * 1000)
        before = cpu_of(scene.worker, with_ended=True)
        deploy = scene.managers[0].deploy()
        whole.values.append(deploy.whole)
        whole.cpu.append((cpu_of(scene.worker, with_ended=True) - before) * 1000)
        first_line.values.append(deploy.first_line)
    report.samples += [bare, wrapped, whole, first_line]
    medians = f"{bare.p50:,.0f}, {wrapped.p50:,.0f} and {whole.p50:,.0f} ms"
    note = f"medians {medians}, {scene.where}"
    polled = "by a visitor who polls as often as the page says, as a browser does"
    report.targets += [
        Target(what=f"{WHOLE} against {WRAPPED}", value=whole.p50 / wrapped.p50, unit=" times", most=1.15, note=note),
        Target(what=f"{WHOLE} against {BARE}", value=whole.p50 / bare.p50, unit=" times", most=1.15, note=note),
        Target(what=f"p99 {ALONE}", value=first_line.p99, unit=" ms", most=FIRST_LINE, note=polled),
    ]


def _by_our_wrapper(target: ClusterTarget, values: Values, *, timeout: int) -> None:
    """In a child of this process. Raises BenchmarkError."""
    try:
        gateway.deploy(target, values, timeout_s=timeout, on_line=lambda line: None, cancelled=bool)
    except HelmError as error:
        raise BenchmarkError(f"our Helm alone failed: {error.message}") from error


def _deploy_many(scene: Scene, report: Report, *, rounds: int) -> None:
    """The next redeploy of a provider is asked for when its last one has ended: as many at a time as there are."""
    before, busy_before, began = cpu_of(scene.worker, with_ended=True), busy_seconds(), time.perf_counter()
    deploys = _deploy_all(scene, rounds=rounds)
    seconds = time.perf_counter() - began
    cpu, busy = cpu_of(scene.worker, with_ended=True) - before, busy_seconds() - busy_before
    count, cores = len(deploys), os.cpu_count() or 1
    bound = count * report.sample(WHOLE).p50 / 1000 / CONCURRENCY
    name = f"redeploy by our whole path, {CONCURRENCY} at a time"
    report.samples += [
        Sample(name=name, baselines=[WHOLE], values=[deploy.whole for deploy in deploys]),
        Sample(name=AMONG, baselines=[ALONE], limit=FIRST_LINE, values=[deploy.first_line for deploy in deploys]),
    ]
    note = (
        f"{seconds:.1f} s against {bound:.1f}, {scene.where}; all programs took {busy:.0f} s of processor time, "
        f"{cpu:.0f} of it worker and Helm: on so many cores no less than {busy / cores / bound:.2f} times the bound"
    )
    what = f"{count} redeploys, {CONCURRENCY} at a time, against an eighth of as many in a row"
    report.targets.append(Target(what=what, value=seconds / bound, unit=" times", most=1.25, note=note))


def _deploy_all(scene: Scene, *, rounds: int) -> list[Deploy]:
    def deploy(manager: Manager) -> list[Deploy]:
        return [manager.deploy() for _ in range(rounds)]

    with ThreadPoolExecutor(len(scene.managers)) as pool:
        return [each for deploys in pool.map(deploy, scene.managers) for each in deploys]


def _read_logs(scene: Scene, report: Report, *, rounds: int) -> None:
    """Pages and polls in turns."""
    site = Site(
        environment=scene.environment,
        servers={"product": scene.server},
        visitors={("product", "admin"): scene.visitor},
        stack=scene.stack,
    )
    *pages, running = (f"{LIST}operations/{operation}/" for operation in scene.registered["logs"])
    unmoved = panel_in(scene.visitor.get(running).body).url
    before_the_last = re.sub(r"\d+$", lambda last: str(int(last[0]) - 1), unmoved)
    visits = [_visit(site, name, path) for name, path in zip((SHORT, SHOWN, LONG), pages, strict=True)]
    visits += [_visit(site, name, path, FRAGMENT) for name, path in ((NEWS, before_the_last), (NO_NEWS, unmoved))]
    pay_in_turns(visits, rounds)
    site.count_queries(visits)
    report.samples += [visit.sample for visit in visits]
    for base, most in ((SHORT, 5), (SHOWN, 1.1)):
        value = report.sample(LONG).p50 / report.sample(base).p50
        report.targets.append(Target(what=f"{LONG}: p50 against {base}", value=value, unit=" times", most=most))


def _visit(site: Site, name: str, path: str, headers: dict[str, str] | None = None) -> Visit:
    baselines = () if name == SHORT else (SHORT,)
    case = Case(name=name, path=path, headers=headers or {})
    sample = Sample(name=name, baselines=baselines)
    return Visit(case=case, site=site, path=path, headers=case.headers, sample=sample)


def _cpu_of_children() -> float:
    """Seconds, of those that have ended."""
    times = os.times()
    return times.children_user + times.children_system
