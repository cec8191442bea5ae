"""The words of events, which a trigger keeps from now on; the next migration adds those of earlier events."""

import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations, models

# The lock keeps words from being removed as unused meanwhile (audit/vocabulary.py). Nothing is unique: nobody waits.
FUNCTION = """
CREATE FUNCTION audit_keep_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(168630029);
    INSERT INTO audit_auditword (word)
        SELECT DISTINCT each.word FROM written, unnest(string_to_array(upper(written.words), ' ')) AS each(word)
        WHERE NOT EXISTS (SELECT FROM audit_auditword AS known WHERE known.word = each.word);
    RETURN NULL;
END
$$
"""
TRIGGER = """
CREATE TRIGGER audit_words_are_kept AFTER INSERT ON audit_auditevent REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION audit_keep_words()
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0006_token_name")]

    operations = [
        migrations.CreateModel(
            name="AuditWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("word", models.TextField()),
            ],
            options={
                "indexes": [
                    models.Index(models.F("word"), name="audit_word"),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("word"), name="gin_trgm_ops"
                        ),
                        name="audit_word_parts",
                        fastupdate=False,
                    ),
                ]
            },
        ),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION audit_keep_words()"),
        migrations.RunSQL(TRIGGER, "DROP TRIGGER audit_words_are_kept ON audit_auditevent"),
    ]
