"""A headless Chromium all of whose requests end at a sink on this machine."""

import base64
import contextlib
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


def _command(profile, sink, width):
    command = [CHROMIUM, "--headless", "--disable-gpu", f"--user-data-dir={profile}",
               f"--proxy-server=http://127.0.0.1:{sink.server_port}",
               "--proxy-bypass-list=<-loopback>", f"--window-size={width},1600",
               "--disable-background-networking"]
    return [*command, "--no-sandbox"] if os.geteuid() == 0 else command


@contextlib.contextmanager
def _sink(page):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Sink) as sink:
        sink.page, sink.seen = page.encode(), []
        threading.Thread(target=sink.serve_forever, daemon=True).start()
        yield sink
        sink.shutdown()


def open_page(page, width=1280, flags=(), screenshot=None):
    """Opens the page (a text) and returns its DOM and the addresses that were asked for."""
    with tempfile.TemporaryDirectory() as profile, _sink(page) as sink:
        output = f"--screenshot={screenshot}" if screenshot else "--dump-dom"
        done = subprocess.run([*_command(profile, sink, width), *flags, output, ADDRESS],
                              capture_output=True, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"{CHROMIUM} failed: {done.stderr.decode()[-2000:]}")
        return done.stdout.decode(), sink.seen


class Session:
    """The page in a browser that is driven by its DevTools protocol, over pipes."""

    def __init__(self, page, width=1280):
        self._resources = contextlib.ExitStack()
        sink = self._resources.enter_context(_sink(page))
        profile = self._resources.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", f'exec "$@" 3<&{commands} 4>&{answers}', "bash",
             *_command(profile, sink, width), "--remote-debugging-pipe", "about:blank"],
            pass_fds=(commands, answers), stderr=subprocess.DEVNULL)
        os.close(commands)
        os.close(answers)
        self._buffer, self._number, self._target = b"", 0, None
        target = next(found for found in self._ask("Target.getTargets")["targetInfos"] if found["type"] == "page")
        self._target = self._ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        self._ask("Page.enable")
        self._ask("Page.navigate", url=ADDRESS)
        self._read(lambda message: message.get("method") == "Page.loadEventFired")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        os.close(self._commands)
        os.close(self._answers)
        self._resources.close()

    def _read(self, wanted):
        while True:
            while b"\0" not in self._buffer:
                more = os.read(self._answers, 1 << 16)
                if not more:
                    raise RuntimeError(f"{CHROMIUM} has ended")
                self._buffer += more
            text, self._buffer = self._buffer.split(b"\0", 1)
            message = json.loads(text)
            if wanted(message):
                return message

    def _ask(self, method, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._target:
            message["sessionId"] = self._target
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        answer = self._read(lambda read: read.get("id") == self._number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def evaluate(self, expression):
        """The value of an expression of JavaScript."""
        answer = self._ask("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return answer["result"].get("value")

    def press(self, key, code):
        """Presses and lets go of a key: press("Tab", 9)."""
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self._ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text)

    def print(self, path):
        """Writes what would come out of a printer, as a PDF of A4 pages."""
        answer = self._ask("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)
        pathlib.Path(path).write_bytes(base64.b64decode(answer["data"]))


def audit(page, **options):
    """What is wrong with the page for somebody who uses a keyboard, a screen reader, a
    phone or weak eyes; see audit.js. The page may run the audit, unlike its own policy."""
    page = re.sub(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", page)
    dom, _ = open_page(page.replace("</body>", f"<script>{AUDIT}</script></body>"), **options)
    found = re.search(r'<script id="audit" type="application/json">(.*?)</script>', dom, re.S)
    return json.loads(found.group(1))
