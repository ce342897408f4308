"""Settings: what differs from run to run comes from the environment."""

import os

SECRET_KEY = "of the tests only"
ALLOWED_HOSTS = ["127.0.0.1"]
USE_TZ = True
ROOT_URLCONF = "tests.support.django_project.views"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",  # an event may name the user who caused it
    "django_domain_events",
    "django_outbound_webhooks",
    "tests.support.django_project",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "postgres",
        "USER": "postgres",
        "HOST": os.environ["OUTBOUND_DATABASE"],  # the folder of its socket
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,  # it may have been killed and started again
    }
}
DJANGO_DOMAIN_EVENTS = {"CODEC": "tests.support.django_project.events.AnyJson"}
DJANGO_OUTBOUND_WEBHOOKS = {
    "ALLOW_PRIVATE_ADDRESSES": True,  # our receivers listen on loopback
    "TENANT_SCOPE_KEY": "endpoint",  # each endpoint is a customer of its own
}
DATA_UPLOAD_MAX_MEMORY_SIZE = None
