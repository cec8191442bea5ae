"""How a test that commits leaves the database: as the migrations made it.

Django truncates every table after such a test and makes permissions anew, which takes the better part of a second.
Most tests leave a few rows in a few tables.
"""

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

KEPT = {"auth_group", "auth_group_permissions", "auth_permission", "django_content_type"}  # made by migrations
BLOATED = 1_000_000  # bytes; nobody vacuums a test database


def empty_tables() -> None:
    """Waits for whoever is in the middle of a transaction, as TRUNCATE does."""
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    tables = [connection.ops.quote_name(name) for name in names if name not in KEPT]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
        if _is_bloated(cursor, tables):
            cursor.execute(f"TRUNCATE {', '.join(tables)}")
            return
        cursor.execute("SET LOCAL session_replication_role = replica")  # no foreign key is asked about each row
        cursor.execute("SET LOCAL coderadmin.audit_retention = 'on'")
        for table in _filled(cursor, tables):
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - of our own models


def _is_bloated(cursor: CursorWrapper, tables: list[str]) -> bool:
    cursor.execute("SELECT max(pg_relation_size(name::regclass)) FROM unnest(%s::text[]) AS name", [tables])
    return bool(cursor.fetchone()[0] > BLOATED)


def _filled(cursor: CursorWrapper, tables: list[str]) -> list[str]:
    questions = [f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables]  # noqa: S608
    cursor.execute(" UNION ALL ".join(questions))
    return [row[0] for row in cursor.fetchall()]
