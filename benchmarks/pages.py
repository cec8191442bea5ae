"""How fast the pages answer, from one process with one thread, each request in turn with those it is compared with."""

import gzip
import html
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from benchmarks.kernel import cpu_seconds
from benchmarks.measures import Report, Sample, Target
from benchmarks.page_cases import (
    ADMIN,
    BARE,
    CASES,
    DEEP,
    FILTER,
    GROWTH,
    LIST_CASE,
    ORGANIZATION,
    RARE,
    SEARCH,
    TENTH,
    Case,
)
from benchmarks.seed import LIST, MEMBER, World
from benchmarks.site import Server, Visitor, start_server
from benchmarks.stack import Environment, Stack
from benchmarks.throughput import two_workers

AUDIT_ROWS = 5_000_000  # the option --audit-rows: they take two minutes to make
LARGE, SMALL = World(10_000, 500, 20_000, 0), World(1_000, 50, 2_000, 20_000)
UNFROZEN_SITE = "benchmarks.unfrozen:application"
WARM_UP = 10  # requests a case that are not counted
ACCESS = "/manage/admin/access/"
EACH_ORGANIZATION = re.compile(r'data-row="([0-9a-f]{32})"')
EACH_ROW = re.compile(r'id="provider-body-([0-9a-f-]{36})"')
POLLER = re.compile(r'id="provider-chips"[^>]* hx-get="([^"]+)"')
POLLER_HEADERS = re.compile(r"id=\"provider-chips\"[^>]* hx-headers='([^']+)'")


def measure(stack: Stack, quick: bool) -> Report:
    """Interleaved rounds, one request of each case after the other."""
    large = SMALL if quick else World(LARGE.providers, LARGE.organizations, LARGE.environments, AUDIT_ROWS)
    sites = {"large": Site.filled(stack, "large", large), "tenth": Site.filled(stack, "tenth", SMALL)}
    visits = [Visit.planned(case, sites[case.world]) for case in CASES]
    pay_in_turns(visits, 20 if quick else 200)
    for site in sites.values():
        site.count_queries([visit for visit in visits if visit.site is site])
    report = Report(samples=[visit.sample for visit in visits])
    report.targets = [*_targets(report), two_workers(stack, sites["large"].environment, seconds=3 if quick else 10)]
    return report


@dataclass(kw_only=True)
class Site:
    """A database with the product and the baselines before it, each one process with one thread."""

    environment: Environment
    servers: dict[str, Server]
    visitors: dict[tuple[str, str], Visitor]
    stack: Stack = field(repr=False)

    @classmethod
    def filled(cls, stack: Stack, name: str, world: World) -> "Site":
        environment = stack.database(f"pages_{name}")
        stack.run(["benchmarks.seed"], environment, given=json.dumps(vars(world)))
        baseline = environment | {"DJANGO_SETTINGS_MODULE": "benchmarks.baseline.settings"}
        servers = {
            "product": start_server(stack, f"web-{name}", environment),
            "baseline": start_server(stack, f"baseline-{name}", baseline),
            "unfrozen": start_server(stack, f"unfrozen-{name}", environment, application=UNFROZEN_SITE),
        }
        admin, member = (Visitor(servers["product"].port) for _ in range(2))
        admin.sign_in()
        member.sign_in(MEMBER)
        visitors = {("product", "admin"): admin, ("product", "member"): member}
        visitors |= {(name, "admin"): admin.at(servers[name].port) for name in ("baseline", "unfrozen")}
        return cls(environment=environment, servers=servers, visitors=visitors, stack=stack)

    def count_queries(self, visits: Iterable["Visit"]) -> None:
        for program in self.servers:
            asked = [visit for visit in visits if visit.case.program == program]
            module = {"DJANGO_SETTINGS_MODULE": "benchmarks.baseline.settings"} if program == "baseline" else {}
            pages = json.dumps([[visit.path, visit.headers, visit.case.email] for visit in asked])
            printed = self.stack.run(["benchmarks.queries"], self.environment | module, given=pages)
            counts = json.loads(printed.splitlines()[-1])  # before it: the lines of the audit log
            for visit, count in zip(asked, counts, strict=True):
                visit.sample.queries = count


@dataclass(kw_only=True)
class Visit:
    """One case with the address that it asks for, and what it has measured."""

    case: Case
    site: Site
    path: str
    headers: dict[str, str]
    sample: Sample

    @classmethod
    def planned(cls, case: Case, site: Site) -> "Visit":
        sample = Sample(name=case.name, baselines=case.baselines)
        found = _found_on_list(site.visitors["product", "admin"])
        path = case.path.format_map(found)
        headers = {**case.headers, **(json.loads(found["poller_headers"]) if case.conditional else {})}
        return cls(case=case, site=site, path=path, headers=headers, sample=sample)

    def pay(self) -> None:
        server = self.site.servers[self.case.program]
        before = cpu_seconds(server.workers)
        page = self.site.visitors[self.case.program, self.case.person].get(self.path, self.headers)
        self.sample.values.append(page.milliseconds)
        self.sample.cpu.append((cpu_seconds(server.workers) - before) * 1000)
        self.sample.gzipped_bytes = len(gzip.compress(page.body, 6))
        if self.case.conditional and (moved := POLLER_HEADERS.search(page.body.decode())):
            self.headers = {**self.case.headers, **json.loads(html.unescape(moved[1]))}


def pay_in_turns(visits: Sequence[Visit], rounds: int) -> None:
    """So many of each, after some that are not counted."""
    for count in (WARM_UP, rounds):
        for visit in visits:
            visit.sample.values.clear()
            visit.sample.cpu.clear()
        for _ in range(count):
            for visit in visits:
                visit.pay()


def _found_on_list(visitor: Visitor) -> dict[str, str]:
    """The ids, and what keeps the list fresh, as a browser finds them on the pages."""
    page = visitor.get(LIST).body.decode()
    rows, organizations = EACH_ROW.findall(page), EACH_ORGANIZATION.findall(visitor.get(ACCESS).body.decode())
    poller, headers = POLLER.search(page), POLLER_HEADERS.search(page)
    return {
        "first": str(UUID(rows[2])),
        "open": str(UUID(rows[1])),
        "organization": str(UUID(organizations[7])),
        "poller": html.unescape(poller[1]) if poller else "",
        "poller_headers": html.unescape(headers[1]) if headers else "{}",
    }


def _targets(report: Report) -> list[Target]:
    return [*_list_targets(report), *_ratio_targets(report), *_growth_targets(report)]


def _list_targets(report: Report) -> list[Target]:
    pages = [report.sample(name) for name in (LIST_CASE, SEARCH, RARE, ORGANIZATION, FILTER, DEEP)]
    return [
        target
        for page in pages
        for target in (
            Target(what=f"{page.name}: SQL queries", value=page.queries or 0, most=8),
            Target(what=f"{page.name}: gzipped", value=(page.gzipped_bytes or 0) / 1024, unit=" KB", most=6),
            Target(what=f"{page.name}: p99 / p50", value=page.p99 / page.p50, most=2.5),
        )
    ]


def _ratio_targets(report: Report) -> list[Target]:
    return [
        _ratio(report, case.name, base, most)
        for case in CASES
        for base, most in ((ADMIN, case.most_of_admin), (BARE, case.most_of_bare))
        if most is not None
    ]


def _growth_targets(report: Report) -> list[Target]:
    grown = [_ratio(report, name, base, 1.2) for name, base in GROWTH]
    more = (report.sample(LIST_CASE).queries or 0) - (report.sample(TENTH).queries or 0)
    return [*grown, Target(what="queries more for ten times the rows", value=more, most=0)]


def _ratio(report: Report, name: str, base: str, most: float) -> Target:
    value = report.sample(name).p50 / report.sample(base).p50
    return Target(what=f"{name}: p50 against {base}", value=value, unit=" times", most=most)
