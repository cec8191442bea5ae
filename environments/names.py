"""What an environment and its image may be called: the same rules for form, API and service."""

from django.core.validators import RegexValidator

from providers.kube.environment_objects import LONGEST_NAME

LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
HOST = r"[a-zA-Z0-9](?:[-a-zA-Z0-9.]*[a-zA-Z0-9])?(?::[0-9]{1,5})?"

validate_name = RegexValidator(
    rf"\A(?=.{{1,{LONGEST_NAME}}}\Z){LABEL}\Z",
    f"Use at most {LONGEST_NAME} lower-case letters, digits and hyphens, with a letter or a digit at both ends.",
)
validate_image = RegexValidator(
    rf"\A(?:{HOST}/)?{COMPONENT}(?:/{COMPONENT})*\Z",
    "Write the image's repository, such as codercom/enterprise-base, without its tag.",
)
validate_tag = RegexValidator(
    r"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\Z",
    "A tag has letters, digits, underscores, dots and hyphens, and begins with none of the last two.",
)
