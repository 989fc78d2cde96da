"""A headless Chromium all of whose requests end at a sink on this machine."""

import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading

CHROMIUM = next(filter(None, map(shutil.which, (
    "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"))), None)
ADDRESS = "http://report.example/page.html"
AUDIT = (pathlib.Path(__file__).parent / "audit.js").read_text()


class _Sink(http.server.BaseHTTPRequestHandler):
    """A proxy that reaches nothing: it notes every request and answers for one page."""

    def do_GET(self):
        self.server.seen.append(self.path)
        found = self.path == ADDRESS
        body = self.server.page if found else b""
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_CONNECT(self):
        self.server.seen.append(self.path)
        self.send_error(502)

    def log_message(self, *_):
        pass


def open_page(page, width=1280, flags=(), screenshot=None):
    """Opens the page (a text) and returns its DOM and the addresses that were asked for."""
    with tempfile.TemporaryDirectory() as profile, \
            http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Sink) as sink:
        sink.page, sink.seen = page.encode(), []
        threading.Thread(target=sink.serve_forever, daemon=True).start()
        command = [CHROMIUM, "--headless", "--disable-gpu", f"--user-data-dir={profile}",
                   f"--proxy-server=http://127.0.0.1:{sink.server_port}",
                   "--proxy-bypass-list=<-loopback>", f"--window-size={width},1600",
                   "--disable-background-networking", *flags]
        if os.geteuid() == 0:
            command.append("--no-sandbox")
        command.append(f"--screenshot={screenshot}" if screenshot else "--dump-dom")
        done = subprocess.run([*command, ADDRESS], capture_output=True, timeout=120)
        sink.shutdown()
        if done.returncode != 0:
            raise RuntimeError(f"{CHROMIUM} failed: {done.stderr.decode()[-2000:]}")
        return done.stdout.decode(), sink.seen


def audit(page, **options):
    """What is wrong with the page for somebody who uses a keyboard, a screen reader, a
    phone or weak eyes; see audit.js. The page may run the audit, unlike its own policy."""
    page = re.sub(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", page)
    dom, _ = open_page(page.replace("</body>", f"<script>{AUDIT}</script></body>"), **options)
    found = re.search(r'<script id="audit" type="application/json">(.*?)</script>', dom, re.S)
    return json.loads(found.group(1))
