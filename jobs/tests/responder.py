"""An HTTP server on loopback that answers what a test tells it to, and remembers what it was asked."""

import contextlib
import http.server
import threading

ENDLESS = b"canary" * 10000


class Responder:
    def __init__(self, answers, meanwhile=None):
        """`answers`: status, or status and headers; the last one stays. `meanwhile` is called before each."""
        self.asked = []
        self.sent = 0  # bytes of an endless body
        responder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if meanwhile:
                    meanwhile()
                responder.asked.append((self.path, list(self.headers.items())))
                answer = answers[min(len(responder.asked), len(answers)) - 1]
                status, headers = answer if isinstance(answer, tuple) else (answer, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                with contextlib.suppress(OSError):
                    while "Endless" in headers:
                        self.wfile.write(ENDLESS)
                        responder.sent += len(ENDLESS)
                    self.wfile.write(b"canary-of-the-body")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d/health" % self.server.server_address[1]

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever, args=[0.02])
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
