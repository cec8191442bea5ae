"""The group of the support staff: they look at everything at /support/, and nothing else follows from being in it.

Whoever was support staff before comes into it, but for the site admin: that flag came with the account.
"""

from django.db import migrations

NAME = "Support staff"
SEEN = {
    "audit": {"auditevent": "audit event"},
    "axes": {"accessattempt": "access attempt"},
    "environments": {
        "environment": "environment",
        "environmentoperation": "environment operation",
        "environmentsession": "environment session",
        "image": "image",
    },
    "infrastructure": {"accessurlchange": "access url change", "rollout": "rollout"},
    "organizations": {"organization": "organization", "user": "user"},
    "providers": {
        "operation": "operation",
        "statuschange": "status change",
        "workspaceprovider": "workspace provider",
    },
}


def make_group(apps):
    """Django itself makes permissions only after all migrations, and leaves those that are there."""
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=NAME)
    for app_label, models in SEEN.items():
        for model, words in models.items():
            content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
                app_label=app_label, model=model
            )
            permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
                content_type=content_type, codename=f"view_{model}", defaults={"name": f"Can view {words}"}
            )
            group.permissions.add(permission)
    return group


def forwards(apps, schema_editor):
    group, users = make_group(apps), apps.get_model("organizations", "User").objects.filter(is_staff=True)
    users.filter(site_role="site-admin").update(is_staff=False)
    for user in users:
        user.groups.add(group)


def backwards(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("environments", "0005_images"),
        ("organizations", "0004_api_tokens"),
    ]

    operations = [migrations.RunPython(forwards, backwards)]
