import os

from django.core.wsgi import get_wsgi_application

from ground.frames import with_room

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")
application = with_room(get_wsgi_application())
