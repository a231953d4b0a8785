# A receiver of webhooks that believes only what is signed. Python 3.9 or later; no package is needed.
#
#   RENDERMILL_WEBHOOK_SECRET=whsec_… python3 python.py
import base64
import hashlib
import hmac
import json
import os
import re
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = base64.b64decode(os.environ["RENDERMILL_WEBHOOK_SECRET"].removeprefix("whsec_"))
if len(KEY) < 24:
    raise SystemExit("RENDERMILL_WEBHOOK_SECRET is no webhook secret")


def is_signed(headers, body):
    """Whether these exact bytes were signed with our secret within the last five minutes."""
    sent = headers.get("webhook-timestamp", "")
    if not re.fullmatch("[0-9]{1,12}", sent) or abs(time.time() - int(sent)) > 300:
        return False
    signed = f"{headers.get('webhook-id', '')}.{sent}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest())
    # Several, separated by spaces, while a secret is rotated.
    given = headers.get("webhook-signature", "").encode().split(b" ")
    return any(hmac.compare_digest(expected, one) for one in given)


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        if not 0 < length <= 65_536:
            return self.answer(413)
        body = self.rfile.read(length)
        if not is_signed(self.headers, body):
            return self.answer(400)
        # Answer first, work afterwards. An event can come twice: take each of its ids once.
        self.answer(204)
        event = json.loads(body)
        print(event["type"], event["data"]["id"], flush=True)

    def answer(self, status):
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", 3000))), Receiver)
print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
