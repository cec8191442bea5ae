"""Why a provider is not Ready: each code with the words for a person and the next step.

docs/reasons/<code>.md tells the longer story; a test keeps the two in step.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """`title` reads as a statement about the provider, `remedy` as an instruction."""

    title: str
    remedy: str


UNKNOWN = Reason("Something unexpected happened", "Check again; if it stays, look at the worker's log.")

REASONS: dict[str, Reason] = {
    "not_deployed": Reason("Not deployed yet", "Run the pre-flight, then deploy."),
    "waiting_for_enrolment": Reason(
        "Waiting for its first call", "Run the printed Helm command; the provider calls home by itself."
    ),
    "dns_failed": Reason(
        "The cluster's name can't be resolved",
        "Check the spelling of the cluster address and that the deployment's DNS knows the name.",
    ),
    "address_refused": Reason(
        "The cluster's address is one that we do not connect to",
        "Use the address of the API server. If this is it, let an operator add it to CODERADMIN_ALLOWED_NETWORKS.",
    ),
    "connection_refused": Reason(
        "The cluster refuses the connection",
        "Check that the API server runs and that the port of the cluster address is right.",
    ),
    "connect_timeout": Reason(
        "The cluster does not answer at all",
        "Check firewalls, routes and VPN between this deployment and the cluster address.",
    ),
    "read_timeout": Reason(
        "The cluster accepts connections but does not answer",
        "Look at the load of the API server and at proxies in between.",
    ),
    "unreachable": Reason("The cluster can't be reached", "Check the network between this deployment and the cluster."),
    "tls_untrusted": Reason(
        "The cluster's certificate is not trusted",
        "Enter the CA certificate that signed the API server's certificate (Edit > Cluster credential).",
    ),
    "tls_wrong_name": Reason(
        "The cluster's certificate is for another name",
        "Use an address that the certificate names, or add this one to the API server's certificate.",
    ),
    "tls_expired": Reason(
        "The cluster's certificate has expired", "Renew the API server's certificate, then check again."
    ),
    "credential_refused": Reason(
        "The cluster refuses the credential",
        "Give a valid token or client certificate (Edit > Cluster credential).",
    ),
    "verb_denied": Reason(
        "The credential lacks permissions",
        "Grant the named verbs to it with a Role and a RoleBinding in the namespace.",
    ),
    "namespace_missing": Reason(
        "The namespace is gone", "Create the namespace again and redeploy, or edit the provider."
    ),
    "namespace_terminating": Reason(
        "The namespace is being deleted", "Wait until it is gone, create it again and redeploy."
    ),
    "api_not_ready": Reason(
        "The cluster's API is not ready", "Look at the health of the API server and of etcd (GET /readyz?verbose)."
    ),
    "not_kubernetes": Reason(
        "What answers there is not a Kubernetes API", "Check the cluster address: host, port and path."
    ),
    "version_too_old": Reason("The cluster's Kubernetes is too old", "Upgrade the cluster to 1.20 or newer."),
    "release_missing": Reason("The Helm release is missing", "Redeploy the provider."),
    "release_failed": Reason("The Helm release has failed", "Open the last operation's log, then redeploy."),
    "envproxy_unavailable": Reason(
        "envproxy is not available", "Read the pod's trouble below, correct it, then redeploy."
    ),
    "beat_silent": Reason(
        "envproxy has gone silent", "Check that its pods run and that they reach the access URL of this deployment."
    ),
    "access_url_outdated": Reason(
        "envproxy calls an address that is no longer ours",
        "Redeploy, so that it learns the present access URL; with your own Helm, run the command again.",
    ),
    "envproxy_unreachable": Reason(
        "Its URL does not answer",
        "Check the DNS record of the provider hostname, the cluster's ingress and its certificate.",
    ),
    "credential_unreadable": Reason(
        "The stored credential can't be decrypted",
        "Set CODERADMIN_ENCRYPTION_KEYS to include the key it was written with, or enter the credential again.",
    ),
    "unexpected": UNKNOWN,
}


def reason_for(code: str) -> Reason:
    """The words for a code; codes of a newer version read as unexpected."""
    return REASONS.get(code, UNKNOWN)
