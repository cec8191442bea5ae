"""The WSGI application that gunicorn serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coderadmin.settings")

application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018 - all views are loaded before the fork, and their memory is shared
gc.collect()
gc.freeze()  # what is there now stays: no collection looks at it again, and none makes the workers copy its pages
