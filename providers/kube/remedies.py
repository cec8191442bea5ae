"""What to do about each reason, in one or two sentences."""

from providers.kube.errors import Reason

REMEDIES: dict[str, str] = {
    Reason.DNS_FAILED: "Check the host name, and that the machine of the control plane can resolve it.",
    Reason.CONNECTION_REFUSED: "Check the port and that the API server runs.",
    Reason.CONNECT_TIMEOUT: "Check firewalls and routes between the control plane and the API server.",
    Reason.READ_TIMEOUT: "Look at the API server's load and logs, and at what stands between it and us.",
    Reason.UNREACHABLE: "Check the network between the control plane and the API server.",
    Reason.TLS_UNTRUSTED: "Give the CA certificate of the cluster: certificate-authority-data of its kubeconfig.",
    Reason.TLS_WRONG_NAME: "Use an address whose host is in the certificate, or add the host to the certificate.",
    Reason.TLS_EXPIRED: "Renew the API server's certificate (kubeadm certs renew apiserver), and check the clocks.",
    Reason.CREDENTIAL_REFUSED: "Give a new token: it was revoked, has expired, or belongs to another cluster.",
    Reason.VERB_DENIED: "Give the service account a Role and RoleBinding with the missing verbs in this namespace.",
    Reason.NAMESPACE_MISSING: "Create the namespace, or correct its name.",
    Reason.NAMESPACE_TERMINATING: "Wait until it is gone; if it hangs, look for finalizers on what is left in it.",
    Reason.API_NOT_READY: "Wait for the API server to start; if it does not, look at its logs and at etcd.",
    Reason.VERSION_TOO_OLD: "Upgrade the cluster to Kubernetes 1.20 or newer.",
    Reason.RELEASE_MISSING: "Deploy the provider.",
    Reason.RELEASE_FAILED: "Read the log of the last deployment, then deploy again.",
    Reason.ENVPROXY_UNAVAILABLE: "Remove what keeps its pods from running, then deploy again.",
    Reason.NOT_KUBERNETES: "Give the address of the API server itself, as kubectl cluster-info shows it.",
    Reason.UNEXPECTED: "Look at the log of the worker, and check again.",
}


def remedy_for(reason: str) -> str:
    return REMEDIES.get(reason, "")
