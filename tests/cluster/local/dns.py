"""CoreDNS on the bridge: the cluster's Services, and the throwaway PostgreSQL servers' names. It asks nobody else,
so that no answer depends on the host's network."""

import socket
import struct
import subprocess

from .control_plane import write_kubeconfig
from .processes import Programs
from .settings import BRIDGE_ADDRESS, POSTGRES_DOMAIN, Settings

COREFILE = """\
cluster.local in-addr.arpa {{
    bind {address}
    errors
    kubernetes cluster.local in-addr.arpa {{
        kubeconfig {kubeconfig}
        pods insecure
        ttl 5
    }}
}}
{domain} {{
    bind {address}
    template IN A {domain} {{
        answer "{{{{ .Name }}}} 5 IN A {address}"
    }}
    template ANY ANY {domain} {{
        rcode NOERROR
    }}
}}
. {{
    bind {address}
    template ANY ANY {{
        rcode NXDOMAIN
    }}
}}
"""

ROLE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: djdb-coredns}
rules:
- {apiGroups: [""], resources: [services, pods, namespaces], verbs: [list, watch]}
- {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: djdb-coredns}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: djdb-coredns}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: "djdb:coredns"}
"""


def start_dns(settings: Settings, programs: Programs, tools: dict) -> None:
    config = settings.folder("config")
    if programs.pid("coredns"):
        return
    kubectl = [tools["kubernetes"] / "kubectl", f"--kubeconfig={settings.kubeconfig}", "apply", "-f", "-"]
    subprocess.run(kubectl, input=ROLE, text=True, check=True, capture_output=True)
    kubeconfig = write_kubeconfig(settings, "coredns", config / "coredns.kubeconfig", 6443)
    corefile = COREFILE.format(address=BRIDGE_ADDRESS, kubeconfig=kubeconfig, domain=POSTGRES_DOMAIN)
    (config / "Corefile").write_text(corefile)
    programs.start("coredns", [tools["coredns"] / "coredns", "-conf", config / "Corefile"])


def resolves(name: str) -> bool:
    """Whether the cluster's DNS has an address for `name`."""
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    query = struct.pack(">HHHHHH", 0x646A, 0x0100, 1, 0, 0, 0) + question + struct.pack(">HH", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(1)
        try:
            client.sendto(query, (BRIDGE_ADDRESS, 53))
            answer = client.recv(512)
        except OSError:
            return False
    return len(answer) >= 12 and struct.unpack(">H", answer[6:8])[0] > 0


def wait_for_dns(programs: Programs) -> None:
    def both() -> bool:
        return resolves("kubernetes.default.svc.cluster.local") and resolves(f"postgres.{POSTGRES_DOMAIN}")

    programs.wait_for("coredns", both, "CoreDNS to answer for the API server's Service", 60)
