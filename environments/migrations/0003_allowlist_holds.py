"""An environment is held to an allowlist entry of its organization on its provider, by a foreign key of two columns."""

from django.db import migrations

ADMIT = """
    INSERT INTO providers_allowlistentry (provider_id, organization_id, closing, created_at)
    SELECT DISTINCT provider_id, organization_id, true, now() FROM environments_environment
    ON CONFLICT DO NOTHING
"""
HOLD = """
    ALTER TABLE environments_environment ADD CONSTRAINT environment_is_allowed
    FOREIGN KEY (provider_id, organization_id) REFERENCES providers_allowlistentry (provider_id, organization_id)
"""


class Migration(migrations.Migration):
    dependencies = [("environments", "0002_lifecycle")]

    operations = [
        # Environments from before the rule: their organization may go on with what it has, and no more.
        migrations.RunSQL([ADMIT, "SET CONSTRAINTS ALL IMMEDIATE"], migrations.RunSQL.noop),
        migrations.RunSQL(HOLD, "ALTER TABLE environments_environment DROP CONSTRAINT environment_is_allowed"),
    ]
