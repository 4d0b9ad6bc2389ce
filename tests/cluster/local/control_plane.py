"""etcd, kube-apiserver, kube-controller-manager and kube-scheduler, and the certificates that bind them."""

import base64
import json
import pathlib
import ssl
import urllib.error
import urllib.request

from . import certificates
from .processes import Programs, wait_until
from .settings import NODE_NAME, SERVICE_API_ADDRESS, SERVICE_NETWORK, Settings, port

CLIENTS = {
    "admin": "/O=system:masters/CN=djdb-admin",
    "controller-manager": "/CN=system:kube-controller-manager",
    "scheduler": "/CN=system:kube-scheduler",
    "kube-proxy": "/CN=system:kube-proxy",
    "coredns": "/CN=djdb:coredns",
    "kubelet": f"/O=system:nodes/CN=system:node:{NODE_NAME}",
    "apiserver-kubelet": "/O=system:masters/CN=djdb-apiserver-kubelet-client",
}

AUDIT_POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
"""

KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: djdb
clusters:
- name: djdb
  cluster:
    server: {server}
    certificate-authority-data: {authority}
users:
- name: {user}
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
contexts:
- name: djdb
  context:
    cluster: djdb
    user: {user}
"""


def api_port(settings: Settings) -> int:
    return 6443 if settings.full else port(settings, "apiserver")


def make_certificates(settings: Settings) -> pathlib.Path:
    folder = settings.folder("certificates")
    certificates.make_authority(folder, "djdb-kubernetes")
    names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"]
    names = [f"DNS:{name}" for name in [*names, "localhost"]]
    addresses = [f"IP:{address}" for address in ("127.0.0.1", SERVICE_API_ADDRESS, settings.address)]
    certificates.make_certificate(folder, "apiserver", "/CN=kube-apiserver", names + sorted(set(addresses)))
    serving = [f"DNS:{NODE_NAME}", f"IP:{settings.address}"]
    certificates.make_certificate(folder, "kubelet-serving", f"/CN=system:node:{NODE_NAME}", serving)
    for name, subject in CLIENTS.items():
        certificates.make_certificate(folder, name, subject)
    certificates.make_certificate(folder, "service-accounts", "/CN=service-accounts")
    return folder


def write_kubeconfig(settings: Settings, client: str, path: pathlib.Path, api: int) -> pathlib.Path:
    folder = settings.directory / "certificates"

    def encoded(name: str) -> str:
        return base64.b64encode((folder / name).read_bytes()).decode()

    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(
        KUBECONFIG.format(
            server=f"https://{settings.address}:{api}",
            user=client,
            authority=encoded("ca.crt"),
            certificate=encoded(f"{client}.crt"),
            key=encoded(f"{client}.key"),
        )
    )
    return path


class Api:
    """The API server as its administrator, for the readiness questions of `up`."""

    def __init__(self, settings: Settings):
        folder = settings.directory / "certificates"
        self._context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        self._context.load_cert_chain(str(folder / "admin.crt"), str(folder / "admin.key"))
        server = next(line for line in settings.kubeconfig.read_text().splitlines() if "server:" in line)
        self._server = server.split()[1]

    def answer(self, path: str) -> bytes | None:
        """The body of a 200 answer, or nothing."""
        # Never through a proxy of the environment: the cluster is on this machine.
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=self._context)
        )
        try:
            with opener.open(self._server + path, timeout=5) as response:
                return response.read()
        except (urllib.error.URLError, OSError):
            return None

    def ready(self) -> bool:
        return self.answer("/readyz") == b"ok"

    def node_ready(self) -> bool:
        body = self.answer(f"/api/v1/nodes/{NODE_NAME}")
        conditions = json.loads(body)["status"].get("conditions", []) if body else []
        return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)

    def namespaces_usable(self) -> bool:
        """Pods can be made: the controller-manager has made the account and the CA that admission adds."""
        namespace = "/api/v1/namespaces/default"
        return bool(
            self.answer(f"{namespace}/serviceaccounts/default")
            and self.answer(f"{namespace}/configmaps/kube-root-ca.crt")
        )


def start_etcd(settings: Settings, programs: Programs, tools: dict) -> str:
    if programs.pid("etcd"):
        return (settings.directory / "etcd-url").read_text()
    client = f"http://127.0.0.1:{port(settings, 'etcd-client')}"
    peer = f"http://127.0.0.1:{port(settings, 'etcd-peer')}"
    command = [tools["etcd"] / "etcd", "--name=djdb", f"--data-dir={settings.folder('etcd')}"]
    command += [f"--listen-client-urls={client}", f"--advertise-client-urls={client}"]
    command += [f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}"]
    # Throwaway data: a power cut may lose it, a killed process does not.
    command += [f"--initial-cluster=djdb={peer}", "--unsafe-no-fsync", "--log-level=warn"]
    (settings.directory / "etcd-url").write_text(client)
    programs.start("etcd", command)

    def healthy() -> bool:
        try:
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            return b'"true"' in opener.open(f"{client}/health", timeout=2).read()
        except OSError:
            return False

    programs.wait_for("etcd", healthy, "etcd's /health")
    return client


def start_apiserver(settings: Settings, programs: Programs, tools: dict) -> Api:
    etcd = start_etcd(settings, programs, tools)
    if not programs.pid("kube-apiserver"):
        write_kubeconfig(settings, "admin", settings.kubeconfig, _launch_apiserver(settings, programs, tools, etcd))
    api = Api(settings)
    programs.wait_for("kube-apiserver", api.ready, "the API server's /readyz", 120)
    return api


def _launch_apiserver(settings: Settings, programs: Programs, tools: dict, etcd: str) -> int:
    keys = settings.directory / "certificates"
    policy = settings.folder("config") / "audit-policy.yaml"
    policy.write_text(AUDIT_POLICY)
    listen = api_port(settings)
    command = [tools["kubernetes"] / "kube-apiserver", f"--etcd-servers={etcd}"]
    command += [f"--bind-address={settings.address}", f"--advertise-address={settings.address}"]
    command += [f"--secure-port={listen}", f"--service-cluster-ip-range={SERVICE_NETWORK}"]
    command += [f"--tls-cert-file={keys}/apiserver.crt", f"--tls-private-key-file={keys}/apiserver.key"]
    command += [f"--client-ca-file={keys}/ca.crt", "--authorization-mode=Node,RBAC", "--allow-privileged=true"]
    command += ["--enable-admission-plugins=NodeRestriction", "--profiling=false"]
    command += ["--service-account-issuer=https://kubernetes.default.svc.cluster.local"]
    command += [f"--service-account-key-file={keys}/service-accounts.crt"]
    command += [f"--service-account-signing-key-file={keys}/service-accounts.key"]
    command += [f"--audit-policy-file={policy}", f"--audit-log-path={settings.directory}/log/audit.log"]
    command += ["--audit-log-maxsize=200", "--audit-log-maxbackup=2"]
    if settings.full:
        command += [f"--kubelet-client-certificate={keys}/apiserver-kubelet.crt"]
        command += [f"--kubelet-client-key={keys}/apiserver-kubelet.key"]
        command += [f"--kubelet-certificate-authority={keys}/ca.crt"]
        command += ["--kubelet-preferred-address-types=InternalIP"]
    else:
        # A Service may not point at a loopback address, and without Pods nobody needs this one.
        command += ["--endpoint-reconciler-type=none"]
    programs.start("kube-apiserver", command)
    return listen


def start_controllers(settings: Settings, programs: Programs, tools: dict, api: Api) -> None:
    keys = settings.directory / "certificates"
    config = settings.folder("config")
    listen = int(settings.kubeconfig.read_text().split("server: ")[1].split()[0].rsplit(":", 1)[1])
    kubeconfig = write_kubeconfig(settings, "controller-manager", config / "controller-manager.kubeconfig", listen)
    command = [tools["kubernetes"] / "kube-controller-manager", f"--kubeconfig={kubeconfig}"]
    command += ["--leader-elect=false", "--use-service-account-credentials=true", "--secure-port=0"]
    command += [f"--root-ca-file={keys}/ca.crt"]
    command += [f"--service-account-private-key-file={keys}/service-accounts.key"]
    programs.start("kube-controller-manager", command)
    if settings.full:
        kubeconfig = write_kubeconfig(settings, "scheduler", config / "scheduler.kubeconfig", listen)
        command = [tools["kubernetes"] / "kube-scheduler", f"--kubeconfig={kubeconfig}"]
        programs.start("kube-scheduler", [*command, "--leader-elect=false", "--secure-port=0"])


def wait_for_controllers(programs: Programs, api: Api) -> None:
    what = "the default service account"
    programs.wait_for("kube-controller-manager", api.namespaces_usable, what)
    wait_until(api.ready, "the API server", 60)
