"""States of a change of the access URL, and of the rollouts that carry it to the providers."""

from django.db import models


class ChangeState(models.TextChoices):
    """planned → checking → switched → redeploying → confirmed → finished.

    Before it is switched it may be dropped, after that rolled back: rolling-back → rolled-back.
    """

    PLANNED = "planned", "Planned"
    CHECKING = "checking", "Checking"
    SWITCHED = "switched", "Switched"
    REDEPLOYING = "redeploying", "Redeploying"
    CONFIRMED = "confirmed", "Confirmed"
    FINISHED = "finished", "Finished"
    ROLLING_BACK = "rolling-back", "Rolling back"
    ROLLED_BACK = "rolled-back", "Rolled back"
    DROPPED = "dropped", "Dropped"


NOT_SWITCHED = (ChangeState.PLANNED, ChangeState.CHECKING)
UNDER_WAY = (ChangeState.SWITCHED, ChangeState.REDEPLOYING, ChangeState.CONFIRMED)
ACTIVE_CHANGES = (*NOT_SWITCHED, *UNDER_WAY, ChangeState.ROLLING_BACK)


class RolloutKind(models.TextChoices):
    ACCESS_URL = "access-url", "Access URL"
    UPGRADE = "upgrade", "Upgrade"


class RolloutState(models.TextChoices):
    """running ⇄ paused, until every step has ended or somebody calls it off: ended."""

    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    ENDED = "ended", "Ended"


ACTIVE_ROLLOUTS = (RolloutState.RUNNING, RolloutState.PAUSED)


class StepState(models.TextChoices):
    """waiting → deploying → confirming → confirmed; failed and skipped on the way. A failed step can be retried."""

    WAITING = "waiting", "Waiting"
    DEPLOYING = "deploying", "Deploying"
    CONFIRMING = "confirming", "Confirming"
    CONFIRMED = "confirmed", "Confirmed"
    FAILED = "failed", "Failed"
    SKIPPED = "skipped", "Skipped"


IN_WORK = (StepState.DEPLOYING, StepState.CONFIRMING)
DONE = (StepState.CONFIRMED, StepState.SKIPPED)
