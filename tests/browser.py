"""A real browser, headless: what it makes of a page, and what it asks of the network for it."""

import contextlib
import http.server
import re
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
SCHEMES = {"dark": 0, "light": 1}
_TIMEOUT = 120

# The least contrast of text with its ground (WCAG 2), how light the page is, and by how much it is too wide.
_AUDIT = """
const numbers = color => color.match(/[\\d.]+/g).map(Number);
const ground = node => {
  for (; node; node = node.parentElement) {
    const color = numbers(getComputedStyle(node).backgroundColor);
    if (color.length < 4 || color[3] > 0) return color;
  }
  return [255, 255, 255];
};
const luminance = color => color.slice(0, 3).map(value => value / 255)
  .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
  .reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0);
const contrast = node => {
  const both = [numbers(getComputedStyle(node).color), ground(node)].map(luminance).sort((a, b) => a - b);
  return (both[1] + 0.05) / (both[0] + 0.05);
};
const written = [...document.querySelectorAll("body *")].filter(node =>
  [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim()));
const root = document.documentElement;
root.dataset.written = written.length;
root.dataset.contrast = Math.min(...written.map(contrast));
root.dataset.ground = luminance(ground(document.body));
root.dataset.overflow = root.scrollWidth - innerWidth;
"""


class Site:
    """Pages by path on a server of this machine, and what was asked of it."""

    def __init__(self):
        self.pages = {}
        self.asked = []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self):
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path != "/favicon.ico":  # the browser's own idea
                    site.asked.append(self.path)
                body = site.pages.get(self.path, "").encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(ConnectionError):
                    self.wfile.write(body)

            def log_message(self, *_):
                """Say nothing."""

        return Handler

    def dom(self, page, **options):
        """Return what the browser has of a page once it is loaded and its scripts have run."""
        return self._run(page, "--dump-dom", **options).stdout

    def screenshot(self, page, path, **options):
        """Write a picture of a page."""
        self._run(page, f"--screenshot={path}", **options)

    def audit(self, page, **options):
        """Return the numbers that `_AUDIT` finds, as a dict."""
        free = page.replace('<meta http-equiv="Content-Security-Policy"', "<meta")
        audited = free.replace("</body>", f"<script>{_AUDIT}</script></body>")
        assert audited != free, "the page has no end"
        found = re.findall(r'data-(\w+)="([-\d.e]+)"', self.dom(audited, **options).split(">", 2)[1])
        return {name: float(value) for name, value in found}

    def _run(self, page, what, *, scheme="light", width=1000):
        self.pages["/page"] = page
        with tempfile.TemporaryDirectory() as profile:
            return subprocess.run(
                [
                    CHROMIUM,
                    "--headless",
                    "--no-sandbox",  # its own: the pages are ours
                    "--disable-gpu",
                    "--disable-dev-shm-usage",
                    "--hide-scrollbars",
                    f"--user-data-dir={Path(profile)}",
                    f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
                    f"--window-size={width},1000",
                    "--virtual-time-budget=1000",
                    what,
                    f"{self.address}/page",
                ],
                capture_output=True,
                text=True,
                timeout=_TIMEOUT,
                check=True,
            )
