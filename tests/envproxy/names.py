"""Who and where, in all tests of envproxy."""

ENVIRONMENT = "0b2f1c3e-8a4d-4e55-9d0f-3a1b2c4d5e6f"
OTHER = "77777777-8a4d-4e55-9d0f-3a1b2c4d5e6f"
SESSION = "session-of-the-person-1234567890"
PREFIX = f"/proxy/environments/{ENVIRONMENT}"
COOKIE = {"Cookie": f"coderadmin_environment={SESSION}"}
SERVICE = "env-dev-1234"
SERVICE_HOST = f"{SERVICE}.coder.svc.cluster.local:3000"
