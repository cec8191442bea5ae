"""Lists of many rows: nobody counts millions, and nobody turns a thousand pages."""

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator

MOST = 1000


class BoundedPaginator(Paginator):
    """Counts no further than MOST rows and shows no more: who looks for others filters or searches."""

    @cached_property
    def count(self) -> int:
        return min(self._counted, MOST)

    @property
    def is_cut(self) -> bool:
        return self._counted > MOST

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[: MOST + 1].count())
