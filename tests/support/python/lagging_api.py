"""The real API server behind a door that can hold back its watches: whoever comes in here sees the past for a while.

All else passes as it is. TLS ends here, under a throwaway authority, and begins anew towards the API server.
"""

import contextlib
import http.client
import http.server
import ssl
import threading
import urllib.parse

from local.certificates import make_authority, make_certificate

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}
LONGEST_WATCH_SECONDS = 600


class LaggingApi:
    def __init__(self, folder, server, authority):
        """`server`: the API server's URL; `authority`: the file of its CA; `folder`: for our own certificates."""
        make_authority(folder, "lagging-api")
        make_certificate(folder, "door", "/CN=door", ["IP:127.0.0.1"])
        self.authority = folder / "ca.crt"
        self._target = urllib.parse.urlsplit(server)
        self._trust = ssl.create_default_context(cafile=str(authority))
        self._held = {}  # plural -> what its watches wait for
        identity = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        identity.load_cert_chain(folder / "door.crt", folder / "door.key")
        self._door = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._door.daemon_threads = True
        # The handshake belongs to the connection's own thread.
        self._door.socket = identity.wrap_socket(self._door.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self._door.serve_forever, daemon=True).start()

    @property
    def url(self):
        return "https://127.0.0.1:%d" % self._door.server_address[1]

    def close(self):
        for plural in list(self._held):
            self.release(plural)
        self._door.shutdown()
        self._door.server_close()

    @contextlib.contextmanager
    def held(self, plural):
        """Within, no event of this kind passes; behind it, all of them do, in order."""
        self._held[plural] = threading.Event()
        try:
            yield
        finally:
            self.release(plural)

    def release(self, plural):
        event = self._held.pop(plural, None)
        if event:
            event.set()

    def _wait_for(self, plural):
        event = self._held.get(plural)
        if event:
            event.wait(LONGEST_WATCH_SECONDS)

    def _handler(self):
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                """The audit log has it all."""

            def do_GET(self):
                self._pass()

            do_POST = do_PATCH = do_DELETE = do_PUT = do_GET

            def _pass(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))) or None
                headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
                connection = http.client.HTTPSConnection(
                    api._target.hostname, api._target.port, timeout=LONGEST_WATCH_SECONDS, context=api._trust
                )
                try:
                    connection.request(self.command, self.path, body, headers)
                    answer = connection.getresponse()
                    is_stream = answer.status == 200 and "watch=true" in self.path
                    self.send_response_only(answer.status)
                    for name, value in answer.getheaders():
                        if name.lower() not in HOP_BY_HOP:
                            self.send_header(name, value)
                    (self._stream if is_stream else self._whole)(answer)
                except OSError:
                    self.close_connection = True  # either side is gone
                finally:
                    connection.close()

            def _whole(self, answer):
                text = answer.read()
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def _stream(self, answer):
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                plural = urllib.parse.urlsplit(self.path).path.rsplit("/", 1)[1]
                while line := answer.readline():
                    api._wait_for(plural)
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                    self.wfile.flush()
                self.wfile.write(b"0\r\n\r\n")

        return Handler
