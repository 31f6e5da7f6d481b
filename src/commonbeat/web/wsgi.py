"""Django's door: used inside the shell of `asgi.py`, or alone behind a proxy that buffers."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commonbeat.web.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
