"""Deploying: pre-flight, Helm, and the reason of the pods when it does not come up."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from providers.choices import LineLevel, OperationKind
from providers.helm.gateway import deploy, restore
from providers.helm.release import HelmError, HelmErrorCode
from providers.helm.values import Values
from providers.kube.diagnose import deployment_progress, explain_workload
from providers.kube.errors import KubeError
from providers.kube.probe import ENVPROXY, MALFORMED
from providers.kube.release_values import cleaned
from providers.models import Operation, WorkspaceProvider
from providers.services.checking import check_providers
from providers.services.preflighting import preflight_provider
from providers.services.run import LeaseLostError, OperationCancelledError, OperationFailedError, ProviderRun
from providers.services.tokens import mint_token, retire_older_tokens
from providers.services.values import release_values
from providers.target import ClusterTarget

logger = logging.getLogger(__name__)

WATCH_SECONDS, LOOK_SECONDS = 2.0, 15.0
RESUMED_PATIENCE = timedelta(seconds=30)  # with the lease and the sweep: a truthful end within a minute


def deploy_provider(run: ProviderRun) -> None:
    """Install or upgrade the release and confirm with a check. Raises OperationFailedError, OperationCancelledError.

    After a failure the release that was there before goes on working; a first install leaves nothing behind.
    """
    run.log("Pre-flight")
    try:
        preflight_provider(run)
    except (OperationFailedError, OperationCancelledError):
        if run.operation.attempts > 1:
            put_right(run)
        raise
    target, provider = run.target(), run.provider
    token, row = mint_token(provider, run.operation)
    values = release_values(provider, token=token)
    try:
        with _watch_pods(run, target) as watched:
            release = deploy(
                target,
                values,
                timeout_s=int(_patience(run.operation).total_seconds()),
                on_line=run.log,
                cancelled=run.cancelled,
            )
    except HelmError as error:
        check_providers([provider.pk])
        if error.code == HelmErrorCode.CANCELLED:
            run.log(error.message, level=LineLevel.WARNING)
            raise OperationCancelledError from error
        raise OperationFailedError(error.code, _why(error, watched.problems)) from error
    _note_release(provider, values, release.revision)
    retire_older_tokens(row)
    run.log(f"Release {release.name} revision {release.revision} is deployed.", level=LineLevel.OK)
    check_providers([provider.pk])


def put_right(run: ProviderRun) -> None:
    """The release that a lost worker left half done, when whoever took over ends otherwise than by a deploy.

    Raises LeaseLostError.
    """
    if run.operation.kind != OperationKind.DEPLOY or run.operation.provider is None:
        return
    try:
        said = restore(run.target(), on_line=run.log, check=run.cancelled)
    except HelmError as error:
        said = f"What the lost worker left could not be put right: {error.message}"
    except OperationFailedError as error:
        said = f"What the lost worker left could not be put right: {error.text}"
    run.log(said, level=LineLevel.WARNING)


def _patience(operation: Operation) -> timedelta:
    """How long the pods may take. After a lost worker they have had their time already, and people wait for the end."""
    whole: timedelta = settings.DEPLOY_TIMEOUT
    return min(whole, RESUMED_PATIENCE) if operation.attempts > 1 else whole


def _why(error: HelmError, problems: list[str]) -> str:
    """Why pods are not ready comes before the fact that they were not ready in time."""
    told = [*problems, error.message] if error.code == HelmErrorCode.TIMED_OUT else [error.message, *problems]
    return " ".join(told)


def _note_release(provider: WorkspaceProvider, values: Values, revision: int) -> None:
    """What we deployed, which is what the cluster has now. One query."""
    known = cleaned(values) or {}
    WorkspaceProvider.objects.filter(pk=provider.pk).update(
        deployed_at=timezone.now(),
        verbs_checked_at=None,
        deployed_values=known,
        deployed_revision=revision,
        release_values=known,
        release_values_revision=revision,
    )


class _PodWatch:
    """Logs the progress of envproxy's Deployment while Helm waits; `problems` holds the last reasons seen."""

    def __init__(self, run: ProviderRun, target: ClusterTarget) -> None:
        self.problems: list[str] = []
        self._run, self._target = run, target
        self._ended = threading.Event()
        self._said = ""
        self._thread = threading.Thread(target=self._watch, name="pod-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        try:
            while not self._ended.wait(WATCH_SECONDS):
                self._look()
        except (LeaseLostError, DatabaseError) as error:
            logger.info("the pods of operation %s are no longer watched: %r", self._run.operation.pk, error)
        finally:
            connection.close()

    def _look(self) -> None:
        try:
            progress, problems = asyncio.run(_look_at_envproxy(self._target))
        except KubeError as error:
            progress, problems = error.message, []
        except (TimeoutError, *MALFORMED):
            return
        if self._ended.is_set():
            return
        self.problems = problems or self.problems
        said = ". ".join(filter(None, [progress, *problems]))
        if said and said != self._said:
            self._said = said
            self._run.log(said, level=LineLevel.WARNING if problems else LineLevel.INFO)


async def _look_at_envproxy(target: ClusterTarget) -> tuple[str, list[str]]:
    """Raises TimeoutError: an operation ends no sooner than the look at its pods."""
    async with asyncio.timeout(LOOK_SECONDS):
        return await deployment_progress(target, ENVPROXY), await explain_workload(target, ENVPROXY)


@contextmanager
def _watch_pods(run: ProviderRun, target: ClusterTarget) -> Iterator[_PodWatch]:
    watch = _PodWatch(run, target)
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()
