"""The site as gunicorn serves it, but garbage is looked for in what its start has loaded, too."""

import gc

from coderadmin.wsgi import application

__all__ = ["application"]

gc.unfreeze()
