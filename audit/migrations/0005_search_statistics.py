"""How many samples the planner keeps of the words that a search looks through.

Of the default, 100, a single one that happens to match makes a rare word look like one event in a hundred, and the
planner then reads the whole table, newest first, for a page of it.
"""

from django.db import migrations

SAMPLES = "ALTER INDEX audit_words ALTER COLUMN 1 SET STATISTICS {samples}"


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_immutable")]

    operations = [migrations.RunSQL(SAMPLES.format(samples=1000), SAMPLES.format(samples=-1))]
