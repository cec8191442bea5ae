"""The WSGI application that gunicorn serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coderadmin.settings")

gc.disable()  # looking for garbage took a third of the start, and found 0.6 MB
application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018 - all views are loaded before the fork, and their memory is shared
gc.freeze()  # what is there now stays: no collection looks at it again, and none makes the workers copy its pages
gc.enable()
