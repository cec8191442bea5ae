"""The page of an operation reads the end of its log, however long that and however many others are."""

import pytest
from django.db import connection

from providers.models import OperationLine
from providers.operation_log import MOST_LINES, newest_lines
from tests.factories import make_operation
from tests.plans import plan_of

LINES, OTHERS = 2000, 20


@pytest.mark.django_db
def test_the_end_of_a_long_log_is_read_by_its_index() -> None:
    ours, *others = (make_operation(state="succeeded") for _ in range(1 + OTHERS))
    for operation in (ours, *others):
        OperationLine.objects.bulk_create(OperationLine(operation=operation, text="a line") for _ in range(LINES))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE providers_operationline")
    _, read = plan_of(newest_lines(ours), table="providers_operationline")
    assert read == MOST_LINES + 1
