"""Events and their seals are never changed, and deleted by the retention job only.

The owner of the tables could take the triggers away: they guard against mistakes and against a hole in the
application. Against the owner stands the hash chain (audit/chain.py).
"""

from django.db import migrations

# Two settings, so that tests, which empty all tables, keep the guard against DELETE.
FUNCTION = """
CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('coderadmin.audit_retention', true) = 'on' THEN
        RETURN OLD;
    ELSIF TG_OP = 'TRUNCATE' AND current_setting('coderadmin.audit_truncate', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'Rows of % are never changed or deleted.', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$
"""
TRIGGERS = """
CREATE TRIGGER audit_rows_stay BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_table_stays BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER audit_rows_stay, ENABLE ALWAYS TRIGGER audit_table_stays
"""
NO_TRIGGERS = "DROP TRIGGER audit_rows_stay ON {table}; DROP TRIGGER audit_table_stays ON {table}"
TABLES = ("audit_auditevent", "audit_auditseal")


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_history")]

    operations = [
        migrations.RunSQL("UPDATE audit_auditevent SET organization_id = target_id WHERE target_type = 'organization'", ""),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION audit_refuse_change()"),
        *[migrations.RunSQL(TRIGGERS.format(table=table), NO_TRIGGERS.format(table=table)) for table in TABLES],
    ]
