"""A search finds events by whole words: the index has a tenth of the size of that of all parts of words.

The planner keeps many samples: a rare word that is taken for a common one would be looked for in the whole table,
newest first. Signing in and out are several actions, of which one list is wanted: they have an index of their own.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Upper

EARLIER = """
INSERT INTO audit_auditword (word)
    SELECT DISTINCT each.word FROM audit_auditevent, unnest(string_to_array(upper(words), ' ')) AS each(word)
    EXCEPT SELECT word FROM audit_auditword
"""
SAMPLES = "ALTER INDEX audit_each_word ALTER COLUMN 1 SET STATISTICS 1000"


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("audit", "0007_words")]

    operations = [
        migrations.RunSQL(EARLIER, migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="auditevent",
            index=models.Index(
                models.OrderBy(models.F("at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("action__in", ("user.sign_in", "user.sign_out", "user.lock", "user.unlock"))),
                name="audit_sign_in",
            ),
        ),
        AddIndexConcurrently(
            model_name="auditevent",
            index=GinIndex(
                models.Func(
                    Upper("words"),
                    models.Value(" "),
                    function="string_to_array",
                    output_field=ArrayField(base_field=models.TextField(), size=None),
                ),
                name="audit_each_word",
                fastupdate=False,
            ),
        ),
        migrations.RunSQL(SAMPLES, migrations.RunSQL.noop),
        migrations.RunSQL("ANALYZE audit_auditevent, audit_auditword", migrations.RunSQL.noop),
        RemoveIndexConcurrently(model_name="auditevent", name="audit_words"),
    ]
