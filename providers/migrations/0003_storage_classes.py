from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0002_scheduling'),
    ]

    operations = [
        migrations.AddField(
            model_name='workspaceprovider',
            name='storage_classes',
            field=models.JSONField(blank=True, default=list),
        ),
    ]
