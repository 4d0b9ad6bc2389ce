"""The API server as its administrator: what a test reads, and writes like a user. Objects are plain dictionaries."""

import base64
import http.client
import json
import ssl
import tempfile
import threading
import urllib.parse

from wait import Unmet

GROUPS = {
    "djdb": "/apis/djangodb.io/v1alpha1 djangodatabases",
    "djrel": "/apis/djangodb.io/v1alpha1 djangoreleases",
    "pgserver": "/apis/djangodb.io/v1alpha1 postgresservers",
    "crd": "/apis/apiextensions.k8s.io/v1 customresourcedefinitions",
    "deployment": "/apis/apps/v1 deployments",
    "replicaset": "/apis/apps/v1 replicasets",
    "pod": "/api/v1 pods",
    "service": "/api/v1 services",
    "endpointslice": "/apis/discovery.k8s.io/v1 endpointslices",
    "poddisruptionbudget": "/apis/policy/v1 poddisruptionbudgets",
    "job": "/apis/batch/v1 jobs",
    "node": "/api/v1 nodes",
    "namespace": "/api/v1 namespaces",
    "secret": "/api/v1 secrets",
    "configmap": "/api/v1 configmaps",
    "event": "/apis/events.k8s.io/v1 events",
    "quota": "/api/v1 resourcequotas",
    "policy": "/apis/admissionregistration.k8s.io/v1 mutatingadmissionpolicies",
    "binding": "/apis/admissionregistration.k8s.io/v1 mutatingadmissionpolicybindings",
    "denial": "/apis/admissionregistration.k8s.io/v1 validatingadmissionpolicies",
    "denialbinding": "/apis/admissionregistration.k8s.io/v1 validatingadmissionpolicybindings",
    "clusterrole": "/apis/rbac.authorization.k8s.io/v1 clusterroles",
    "role": "/apis/rbac.authorization.k8s.io/v1 roles",
}
MERGE = "application/merge-patch+json"


def _decoded(text):
    return base64.b64decode(text)


class Refused(Exception):
    """An answer that is not 2xx: its Status."""

    def __init__(self, code, status):
        super().__init__("%d %s" % (code, status.get("message", "")))
        self.code = code
        self.message = status.get("message", "")


class Api:
    """Safe for threads: each has a connection of its own."""

    def __init__(self, kubeconfig):
        """`kubeconfig`: as kubectl config view --raw --minify --flatten -o json prints."""
        cluster, user = kubeconfig["clusters"][0]["cluster"], kubeconfig["users"][0]["user"]
        self._context = ssl.create_default_context(cadata=_decoded(cluster["certificate-authority-data"]).decode())
        self._headers = {}
        if "client-certificate-data" in user:
            self._show(user["client-certificate-data"], user["client-key-data"])
        elif "token" in user:
            self._headers["Authorization"] = "Bearer " + user["token"]
        else:
            raise Unmet("the kubeconfig's user has neither certificate nor token, and a test can log in by these alone")
        self._address = urllib.parse.urlsplit(cluster["server"])
        self._threads = threading.local()
        self._connections = []

    def _show(self, certificate, key):
        """OpenSSL reads them from a file alone; mkstemp's is its owner's."""
        with tempfile.NamedTemporaryFile() as file:
            file.write(_decoded(certificate) + b"\n" + _decoded(key))
            file.flush()
            self._context.load_cert_chain(file.name)

    def close(self):
        for connection in self._connections:
            connection.close()

    def call(self, method, path, body=None, content_type="application/json", **query):
        target = path + ("?" + urllib.parse.urlencode(query) if query else "")
        # Anything that is no text yet is an object; a test of bad encodings sends bytes.
        payload = body if body is None or isinstance(body, (str, bytes)) else json.dumps(body)
        for attempt in (1, 2):
            connection = self._connection()
            try:
                connection.request(method, target, payload, {**self._headers, "Content-Type": content_type})
                answer = connection.getresponse()
                text = answer.read()
                break
            except (http.client.HTTPException, OSError):
                connection.close()  # the server closed an idle one; the next request opens it again
                if attempt == 2:
                    raise
        parsed = json.loads(text) if text[:1] == b"{" else {"message": text.decode(errors="replace")}
        if answer.status >= 300:
            raise Refused(answer.status, parsed)
        return parsed

    def _connection(self):
        if getattr(self._threads, "connection", None) is None:
            self._threads.connection = http.client.HTTPSConnection(
                self._address.hostname, self._address.port, timeout=30, context=self._context
            )
            self._connections.append(self._threads.connection)
        return self._threads.connection

    @staticmethod
    def path(kind, space=None, name=None):
        base, plural = GROUPS[kind].split()
        return base + ("/namespaces/" + space if space else "") + "/" + plural + ("/" + name if name else "")

    def read(self, kind, name, space=None):
        """The object, or None when there is none."""
        try:
            return self.call("GET", self.path(kind, space, name))
        except Refused as refusal:
            if refusal.code == 404:
                return None
            raise

    def list(self, kind, space=None, **query):
        return self.call("GET", self.path(kind, space), **query)["items"]

    def create(self, kind, body, **query):
        return self.call("POST", self.path(kind, body["metadata"].get("namespace")), body, **query)

    def patch(self, kind, name, body, space=None, **query):
        return self.call("PATCH", self.path(kind, space, name), body, MERGE, **query)

    def delete(self, kind, name, space=None):
        try:
            self.call("DELETE", self.path(kind, space, name))
        except Refused as refusal:
            if refusal.code != 404:
                raise
