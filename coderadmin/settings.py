"""Django settings. Every value that differs between deployments comes from `coderadmin.env`."""

import logging
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF
from environs import validate

from coderadmin import broker
from coderadmin.env import env, require_safe_environment
from coderadmin.mail_server import SECONDS, MailServer
from coderadmin.schedule import SCHEDULE

require_safe_environment()

POSITIVE = validate.Range(min=0, min_inclusive=False)
MORE_THAN_A_MONTH = validate.Range(min=31, max=36_500, error="Must be {min} to {max}: the cards tell of 30 days.")
BASE_DIR = Path(__file__).resolve().parent.parent
EMBEDDED = env.bool("CODERADMIN_EMBEDDED", False)
DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY")
ENCRYPTION_KEYS = env.list("CODERADMIN_ENCRYPTION_KEYS", []) or [SECRET_KEY]

# The deployment
ACCESS_URL = env.str("CODERADMIN_ACCESS_URL").rstrip("/")
_access = urlsplit(ACCESS_URL)
ALLOWED_HOSTS = ["*"]  # coderadmin.access_url decides: the access URL can change while we run
EXTRA_HOSTS = env.list("CODERADMIN_EXTRA_HOSTS", []) + (["localhost", "127.0.0.1", "[::1]"] if EMBEDDED else [])
CHECK_INTERVAL = timedelta(seconds=env.float("CODERADMIN_CHECK_INTERVAL", 30, validate=validate.Range(min=1)))
CHECK_TIMEOUT = timedelta(seconds=env.float("CODERADMIN_CHECK_TIMEOUT", 10, validate=POSITIVE))
DEPLOY_TIMEOUT = timedelta(seconds=env.float("CODERADMIN_DEPLOY_TIMEOUT", 300, validate=POSITIVE))
REDEPLOY_CONCURRENCY = env.int("CODERADMIN_REDEPLOY_CONCURRENCY", 4, validate=POSITIVE)
BUILD_TIMEOUT = timedelta(seconds=env.float("CODERADMIN_BUILD_TIMEOUT", 600, validate=POSITIVE))
OBSERVE_INTERVAL = timedelta(seconds=env.float("CODERADMIN_OBSERVE_INTERVAL", 60, validate=validate.Range(min=1)))
API_REQUESTS_PER_MINUTE = env.int("CODERADMIN_API_REQUESTS_PER_MINUTE", 600, validate=POSITIVE)
AUDIT_RETENTION_DAYS = env.int("CODERADMIN_AUDIT_RETENTION_DAYS", 0, validate=validate.Range(min=0))
HISTORY_KEPT = timedelta(days=env.int("CODERADMIN_HISTORY_DAYS", 35, validate=MORE_THAN_A_MONTH))
DENIED_NETWORKS: list[str] = env.list("CODERADMIN_DENIED_NETWORKS", [])
ALLOWED_NETWORKS: list[str] = env.list("CODERADMIN_ALLOWED_NETWORKS", [])
ENVPROXY_IMAGE = env.str("CODERADMIN_ENVPROXY_IMAGE", "coderadmin/coderadmin:0.1.0")

INSTALLED_APPS = [
    "audit",
    "organizations",
    "authentication",
    "providers",
    "environments",
    "infrastructure",
    "organizations.support_config.SupportConfig",  # django.contrib.admin, as /support/
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "axes",
    "csp",
    "django_htmx",
    "ninja",
]
MIDDLEWARE = [
    "coderadmin.middleware.HeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "coderadmin.middleware.SizeMiddleware",
    "coderadmin.health.HealthMiddleware",
    "coderadmin.access_url.AccessURLMiddleware",
    "coderadmin.access_url.AccessURLSecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "authentication.session_store.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "coderadmin.access_url.AccessURLCsrfMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "organizations.middleware.SignInMiddleware",
    "organizations.denials.DeniedAttemptMiddleware",
    "organizations.middleware.PasswordChangeMiddleware",
    "authentication.middleware.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "coderadmin.middleware.VaryOnHtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "coderadmin.urls"
WSGI_APPLICATION = "coderadmin.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "organizations.context.navigation",
            ],
        },
    }
]


# Data
def _statement_limits() -> dict[str, str]:
    """A page never hangs for minutes, and holds up no thread; what is slow belongs to a worker, which has no limit."""
    seconds = env.int("CODERADMIN_STATEMENT_SECONDS", 30, validate=validate.Range(min=0))
    if not seconds or not env.bool("CODERADMIN_IS_WEB", False):
        return {}
    return {"options": f"-c statement_timeout={seconds}s -c lock_timeout={min(seconds, 10)}s"}


_database = dj_database_url.parse(env.str("DATABASE_URL"), conn_health_checks=True)
_database["OPTIONS"] = {
    "connect_timeout": 5,  # seconds; these three together end well within the lease of an operation
    "tcp_user_timeout": 5000,  # milliseconds without a sign of a server that vanished
    "keepalives_idle": 10,  # seconds; who waits for an answer notices it, too: within 25 s
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "pool": {"min_size": 1, "max_size": env.int("CODERADMIN_DATABASE_POOL", 16), "timeout": 5},
    **_statement_limits(),
    **_database.get("OPTIONS", {}),  # of the address: sslmode and the like
}
_database["DISABLE_SERVER_SIDE_CURSORS"] = True  # a pooler may give the next statement another session
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.str("REDIS_URL")
CACHES = {"default": broker.cache(REDIS_URL)}

# Background work
CELERY_BROKER_URL = broker.celery_url(REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = broker.celery_options(REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE = "checks"
CELERY_TASK_ROUTES = {  # minutes long; may have workers of their own
    "providers.run_operation": {"queue": "operations"},
    "environments.run_operation": {"queue": "operations"},
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = SCHEDULE
CELERY_BEAT_SCHEDULER = "coderadmin.scheduler.PunctualScheduler"

# People
AUTH_USER_MODEL = "organizations.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "organizations:sign_in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "organizations:sign_in"
ACCOUNT_ADAPTER = "authentication.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None  # ours is derived, never asked for
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_ADAPTER = "authentication.adapters.SocialAccountAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
ACCOUNT_RATE_LIMITS = {
    "login_failed": "20/h/key",  # codes of second factors, of an account, from wherever
    "reset_password": "20/h/ip,3/h/key",  # mails that strangers have sent; the key is an e-mail
}
MFA_ADAPTER = "authentication.mfa_adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
AXES_FAILURE_LIMIT = env.int("CODERADMIN_SIGN_IN_FAILURES", 6)
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_HANDLER = "organizations.lockout.LockoutHandler"
SIGN_IN_FAILURES_OF_ADDRESS = env.int("CODERADMIN_SIGN_IN_FAILURES_OF_ADDRESS", 100, validate=POSITIVE)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # what is refused unseen leaves no row, and locks nobody for ever
AXES_USERNAME_FORM_FIELD = "username"  # the sign-in form's name for the e-mail; axes would look for "email"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "organizations.views.sign_in_locked"
AXES_SENSITIVE_PARAMETERS = ["username", "password"]
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True  # the audit log has the sign-ins, for as long as it is to be kept

# Mail, if there is a server: invitations, and links for those who forgot their password
_mail_url = env.str("CODERADMIN_EMAIL_URL", "")
_mail = MailServer.read(_mail_url or "smtp://localhost")
SENDS_MAIL = bool(_mail_url)
EMAIL_HOST, EMAIL_PORT = _mail.host, _mail.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.user, _mail.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.scheme == "smtp+tls", _mail.scheme == "smtp+ssl"
EMAIL_TIMEOUT = SECONDS
DEFAULT_FROM_EMAIL = env.str("CODERADMIN_EMAIL_FROM", "")  # empty: at the access URL of the moment (organizations.mail)
ACCESS_URL_SOURCE = "providers.access_urls.access_url"  # for apps below: which access URL the deployment has now
BUILT_IN_SOURCE = "authentication.configuration.has_built_in"  # for apps below: whether people sign in by password now
PASSWORD_RESET_TIMEOUT = 7 * 24 * 3600  # seconds; the longest life of a link, see organizations.links

# Security
SESSION_ENGINE = "authentication.session_store"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _access.scheme == "https"
if SESSION_COOKIE_SECURE:  # browsers take these from this host only: environments are on subdomains and run anything
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
CSRF_COOKIE_HTTPONLY = True
BEHIND_PROXY = env.bool("CODERADMIN_BEHIND_PROXY", False)
# These two while the access URL is https (AccessURLSecurityMiddleware). It may become that while we run: then only a
# proxy that says so tells https from http, and without one everybody would be redirected for ever.
SECURE_HSTS_SECONDS = env.int("CODERADMIN_HSTS_SECONDS", 31_536_000)
SECURE_SSL_REDIRECT = not EMBEDDED and (_access.scheme == "https" or BEHIND_PROXY)
SECURE_REFERRER_POLICY = "same-origin"
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    MIDDLEWARE.insert(0, "coderadmin.middleware.ClientAddressMiddleware")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}

# Files, language, log
STATIC_URL = "static/"
STATIC_ROOT = env.str("CODERADMIN_STATIC_ROOT", None)  # not needed: whitenoise finds the files where they are
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
LANGUAGE_CODE = "en"
USE_I18N = False
FORMAT_MODULE_PATH = "coderadmin.formats"
TIME_ZONE = "UTC"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "message": {"format": "%(message)s"},
    },
    "filters": {"links": {"()": "coderadmin.discretion.LinkFilter"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["links"]},
        "audit": {"class": "logging.StreamHandler", "formatter": "message", "stream": "ext://sys.stdout"},
    },
    "root": {"handlers": ["console"], "level": env.log_level("CODERADMIN_LOG_LEVEL", logging.INFO)},
    "loggers": {
        "axes": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        "audit.log": {"handlers": ["audit"], "level": "INFO", "propagate": False},
    },
}
SILENCED_SYSTEM_CHECKS = [
    # It knows Django's middleware by their names only. Ours are subclasses (W001, W003), or set the header (W002).
    "security.W001",
    "security.W002",
    "security.W003",
]
