"""Settings that read the DB_* contract: what is missing fails immediately, and nothing falls back to SQLite."""

import os

SECRET_KEY = os.environ.get("SECRET_KEY", "sample-app-without-sessions")
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
INSTALLED_APPS = ["orders"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_TLS_OPTIONS = {"sslmode": "DB_SSLMODE", "sslrootcert": "DB_SSLROOTCERT"}

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ["DB_NAME"],
        "USER": os.environ["DB_USER"],
        "PASSWORD": os.environ["DB_PASSWORD"],
        "HOST": os.environ["DB_HOST"],
        "PORT": os.environ.get("DB_PORT", "5432"),
        "CONN_MAX_AGE": int(os.environ.get("DB_CONN_MAX_AGE", "60")),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {option: os.environ[name] for option, name in _TLS_OPTIONS.items() if os.environ.get(name)},
    }
}
