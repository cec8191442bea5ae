"""Deploying: pre-flight, Helm, and the reason of the pods when it does not come up."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from providers.choices import LineLevel
from providers.helm.gateway import deploy
from providers.helm.release import HelmError, HelmErrorCode
from providers.helm.values import Values
from providers.kube.diagnose import deployment_progress, explain_workload
from providers.kube.errors import KubeError
from providers.kube.probe import ENVPROXY, MALFORMED
from providers.kube.release_values import cleaned
from providers.models import EnvproxyToken, Operation, WorkspaceProvider
from providers.services.checking import check_providers
from providers.services.locking import locked
from providers.services.preflighting import preflight_provider
from providers.services.run import LeaseLostError, OperationCancelledError, OperationFailedError, ProviderRun
from providers.services.tokens import TOKEN_OVERLAP
from providers.services.values import release_values
from providers.target import ClusterTarget
from providers.tokens import digest_of, new_token

logger = logging.getLogger(__name__)

WATCH_SECONDS = 2.0
RESUMED_PATIENCE = timedelta(seconds=30)  # with the lease and the sweep: a truthful end within a minute


def deploy_provider(run: ProviderRun) -> None:
    """Install or upgrade the release and confirm with a check. Raises OperationFailedError, OperationCancelledError.

    After a failure the release that was there before goes on working; a first install leaves nothing behind.
    """
    run.log("Pre-flight")
    preflight_provider(run)
    target, provider = run.target(), run.provider
    token, row = _mint_token(run)
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
        _let_expire(run.operation)
        check_providers([provider.pk])
        if error.code == HelmErrorCode.CANCELLED:
            run.log(error.message, level=LineLevel.WARNING)
            raise OperationCancelledError from error
        raise OperationFailedError(error.code, _why(error, watched.problems)) from error
    _retire_older_tokens(provider, row)
    _note_release(provider, values, release.revision)
    run.log(f"Release {release.name} revision {release.revision} is deployed.", level=LineLevel.OK)
    check_providers([provider.pk])


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


def _mint_token(run: ProviderRun) -> tuple[str, EnvproxyToken]:
    token = new_token()
    row = EnvproxyToken.objects.create(provider=run.provider, digest=digest_of(token), minted_by=run.operation)
    return token, row


def _retire_older_tokens(provider: WorkspaceProvider, newest: EnvproxyToken) -> None:
    end = timezone.now() + TOKEN_OVERLAP
    with transaction.atomic():
        older = EnvproxyToken.objects.filter(provider=locked(provider)).exclude(pk=newest.pk)
        older.filter(Q(expires_at=None) | Q(expires_at__gt=end)).update(expires_at=end)


def _let_expire(operation: Operation) -> None:
    """The tokens of this deploy, also those of a worker that was lost before.

    Not at once: when Helm could not undo the deploy, there are pods that show one.
    """
    EnvproxyToken.objects.filter(minted_by=operation, expires_at=None).update(expires_at=timezone.now() + TOKEN_OVERLAP)


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
        except MALFORMED:
            return
        if self._ended.is_set():
            return
        self.problems = problems or self.problems
        said = ". ".join(filter(None, [progress, *problems]))
        if said and said != self._said:
            self._said = said
            self._run.log(said, level=LineLevel.WARNING if problems else LineLevel.INFO)


async def _look_at_envproxy(target: ClusterTarget) -> tuple[str, list[str]]:
    return await deployment_progress(target, ENVPROXY), await explain_workload(target, ENVPROXY)


@contextmanager
def _watch_pods(run: ProviderRun, target: ClusterTarget) -> Iterator[_PodWatch]:
    watch = _PodWatch(run, target)
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()
