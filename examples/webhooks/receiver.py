"""Receives webhooks of the marketplace, checked with the public `standardwebhooks` library.

    SECRET=whsec_… python receiver.py 0

prints the port that it listens on, then one JSON line for each message: what it was, or why it was refused.
A message comes at least once: a receiver remembers `webhook-id` and does the same only once.
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["SECRET"])


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            message = webhook.verify(body, {k.lower(): v for k, v in self.headers.items()})
            said, status = {"id": self.headers["webhook-id"], "type": message["type"]}, 204
        except WebhookVerificationError as e:
            said, status = {"refused": str(e)}, 401
        print(json.dumps(said), flush=True)
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
print(server.server_port, flush=True)
server.serve_forever()
