from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_search_statistics")]

    operations = [
        migrations.AddField(
            model_name="auditevent",
            name="token_name",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
    ]
