"""The application that the benchmark has gunicorn serve: the platform's own, and beside it one empty view."""

import os

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")
django.setup(set_prefix=False)
settings.ROOT_URLCONF = "operations.benching.routes"
application = get_wsgi_application()
