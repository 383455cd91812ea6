"""The pages as an ASGI application, for `difusio web` or any server of yours."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "difusio.project.settings")
application = get_asgi_application()
