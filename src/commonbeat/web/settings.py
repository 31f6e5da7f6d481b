"""How the site is set up. Everything a town decides is in its site folder; the environment only says where that is.

COMMONBEAT_SITE   the site folder (default ./site)
DATABASE_URL      postgres://user:password@host:port/name (host may be %2Fthe%2Ffolder of a socket); without it SQLite inside the site folder
COMMONBEAT_HTTPS  "1" behind TLS: secure `__Host-` cookies, HSTS
"""

import os
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from commonbeat.web.database import postgres_at
from commonbeat.web.folder import open_site

SITE = open_site()
HERE = Path(__file__).resolve().parent
HTTPS = os.environ.get("COMMONBEAT_HTTPS") == "1"

SECRET_KEY = SITE.key("session").hex()
DEBUG = False
ALLOWED_HOSTS = list(SITE.hosts)
ROOT_URLCONF = "commonbeat.web.urls"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
WSGI_APPLICATION = "commonbeat.web.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
APPEND_SLASH = True
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008", "security.W012", "security.W016"] if not HTTPS else []

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "commonbeat.web.base",
    "commonbeat.web.jobs",
    "commonbeat.web.record",
    "commonbeat.web.review",
    "commonbeat.web.tell",
    "commonbeat.web.oversee",
    "commonbeat.web.read",
    "commonbeat.web.talk",
    "commonbeat.web.answer",
    "commonbeat.web.study",
    "commonbeat.web.moments",
]

MIDDLEWARE = [
    "commonbeat.web.base.counted.Counted",
    "commonbeat.web.base.middleware.Weather",
    "commonbeat.web.base.middleware.Headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "commonbeat.web.base.steady.SteadyPages",
    "commonbeat.web.base.middleware.QuietSessions",
    "commonbeat.web.base.middleware.Language",
    "django.middleware.common.CommonMiddleware",
    "commonbeat.web.base.middleware.Csrf",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "commonbeat.web.base.middleware.Doors",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "commonbeat.web.base.context.site",
            ],
            "builtins": ["commonbeat.web.base.templatetags.house"],
        },
    }
]


def _database() -> dict:
    url = os.environ.get("DATABASE_URL")
    if not url:
        return {
            "ENGINE": "commonbeat.web.sqlite",
            "NAME": str(SITE.database),
            "CONN_MAX_AGE": None,  # opening the file anew for each page costs more than most pages
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
            },
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        **postgres_at(url),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5},
    }


DATABASES = {"default": _database()}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 5_000}}}

# People who sign in
AUTH_USER_MODEL = "base.Staff"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/desk/"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "commonbeat.web.base.accounts.Adapter"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "5/15m/key", "reauthenticate": "10/m/user"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = SITE.name
MFA_TOTP_TOLERANCE = 1
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS

# Cookies: none before somebody acts
_host = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{_host}desk"
CSRF_COOKIE_NAME = f"{_host}form"
LANGUAGE_COOKIE_NAME = f"{_host}language"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_IDLE_SECONDS = 30 * 60
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS and SITE.trusted_proxies else None

# Words
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
LOCALE_PATHS = [HERE / "locale"]
if _pseudo := os.environ.get(
    "COMMONBEAT_PSEUDO"
):  # a folder with the translators' language, for tests: finds words nobody marked
    import django.conf.locale

    django.conf.locale.LANG_INFO["en-xa"] = {"bidi": False, "code": "en-xa", "name": "Pseudo", "name_local": "Ƥşḗŭḓǿ"}
    django.conf.locale.LANG_INFO["ar-xb"] = {"bidi": True, "code": "ar-xb", "name": "Mirror", "name_local": "Mirror"}
    LANGUAGES += [("en-xa", "Pseudo"), ("ar-xb", "Mirror")]
    LOCALE_PATHS.append(Path(_pseudo))

# Files
STATIC_URL = "/static/"
STATICFILES_DIRS = [HERE / "static"]
STATIC_ROOT = None  # files are found in the packages themselves: nothing is collected, nothing built
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3600
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 300
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
LOGGING_CONFIG = "commonbeat.web.base.logs.configure"
LOGGING = {"configured": "by the line above"}  # Django does not call it for an empty one
CSRF_FAILURE_VIEW = "commonbeat.web.base.views.foreign_form"
