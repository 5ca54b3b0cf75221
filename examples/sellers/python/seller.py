"""A seller of SaaS 2.0 and 1.0, licences, and (kit.py) the joint-SaaS kit with sign-on.

    pip install -r requirements.txt
    SELLER_KEY=my-access-key SELLER_LISTEN=127.0.0.1:9002 python3 seller.py

The marketplace posts in 2.0 and asks by GET in 1.0. It verifies the marketplace's signature over the raw bytes, gives the same
instance for the same order line, and keeps everything in memory; yours will keep it in a database.
"""
import base64
import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

import kit
from sealed import sealed

KEY = os.environ.get("SELLER_KEY", "seller-key-for-trials")
LISTEN = os.environ.get("SELLER_LISTEN", "127.0.0.1:9002")
FRESH_MS = 60_000

lock = Lock()
instance_of_line: dict[str, str] = {}
instances: dict[str, dict] = {}


def hmac_hex(text: bytes) -> str:
    return hmac.new(KEY.encode(), text, hashlib.sha256).hexdigest()


def refusal(query: dict[str, list[str]], body: bytes) -> str | None:
    """The result code that refuses a request, or None when it is genuine."""
    timestamp, nonce = (query.get(name, [""])[0] for name in ("timestamp", "nonce"))
    if not timestamp or not nonce:
        return "000002"
    if not timestamp.isdigit() or time.time() * 1000 - int(timestamp) > FRESH_MS:
        return "000001"
    expected = hmac_hex(f"{KEY}{nonce}{timestamp}{hmac_hex(body)}".encode())
    given = query.get("signature", [""])[0].lower()
    return None if hmac.compare_digest(expected, given) else "000001"


def hmac_base64(key: str, data: bytes) -> str:
    return base64.b64encode(hmac.new(key.encode(), data, hashlib.sha256).digest()).decode()


def parameters_v1(query: str) -> dict[str, str] | str:
    """The parameters of a 1.0 call, or the result code that refuses it: all but authToken are signed."""
    pairs = (pair.partition("=") for pair in query.split("&"))
    sent = {name: unquote(value) for name, _, value in pairs}
    given = sent.pop("authToken", "")
    if "timeStamp" not in sent or "activity" not in sent:
        return "000002"
    joined = "&".join(f"{name}={sent[name]}" for name in sorted(sent))
    return sent if hmac.compare_digest(hmac_base64(KEY + sent["timeStamp"], joined.encode()), given) else "000001"


def create(request: dict, line: str = "orderLineId") -> dict:
    instance_id = instance_of_line.setdefault(request[line], request["businessId"])
    if instances.get(instance_id, {}).get("released", True):
        instances[instance_id] = {"frozen": False, "released": False, "expires": None, "upgraded": False}
    return {"resultCode": "000000", "resultMsg": "success", "instanceId": instance_id}


def query(request: dict, base: str) -> dict:
    info = [
        {
            "instanceId": instance_id,
            "appInfo": {
                "frontEndUrl": f"{base}/app/{instance_id}",
                "userName": "admin",
                "password": f"pw-{instance_id[:8]}",
                "memo": "Change the password after the first log-in.",
            },
        }
        for instance_id in request["instanceId"].split(",")
        if not instances.get(instance_id, {}).get("released", True)
    ]
    return {"resultCode": "000000", "resultMsg": "success", "info": info}


def change(request: dict, **values) -> dict:
    instance = instances.get(request["instanceId"])
    if instance is None:
        return {"resultCode": "000003", "resultMsg": "no such instance"}
    instance.update(values)
    return {"resultCode": "000000", "resultMsg": "success"}


def handle(request: dict, base: str) -> dict:
    match request.get("activity"):
        case "newInstance":
            return create(request)
        case "queryInstance":
            return query(request, base)
        case "refreshInstance":
            return change(request, expires=request["expireTime"])
        case "updateInstanceStatus":
            return change(request, frozen=request["status"] == "FREEZE")
        case "upgradeInstance":
            return change(request, upgraded=True)
        case "changeInstanceCheck":  # may it become what productInfo says? Here it always may.
            return change(request)
        case "releaseInstance":
            return change(request, released=True)
        case "orderNotify":  # now ask what was bought: the order query, see examples/clients
            return {"resultCode": "000000", "resultMsg": "success"}
        case "getLicenseAsync":  # taken; the licence is uploaded later, see examples/clients: licence-upload
            answer = change(request)
            return answer | {"resultCode": "000004"} if answer["resultCode"] == "000000" else answer
        case "refreshLicenseCode" | "updateLicenseCodeStatus" | "releaseLicenseCode":
            return {"resultCode": "000000", "resultMsg": "success"}
        case other:
            return {"resultCode": "000002", "resultMsg": f"unknown activity {other}"}


def handle_v1(request: dict, base: str) -> dict:
    """1.0 gives the data with the creation, user name and password encrypted."""
    match request["activity"]:
        case "newInstance":
            answer = create(request, "orderId")
            made = answer["instanceId"]
            app = {"frontEndUrl": f"{base}/app/{made}", "userName": sealed(KEY, "admin"), "password": sealed(KEY, f"pw-{made[:8]}")}
            return answer | {"encryptType": "1", "appInfo": app}
        case "getLicense":  # licence 1.x: the licence comes with the purchase, and the same one each time
            answer = create(request, "orderId")
            return answer | {"license": f"LICENCE-{answer['instanceId']}"}
        case "expireInstance" | "expireLicense":
            return change(request, frozen=True)
        case "releaseLicense":
            return change(request, released=True)
        case "upgrade":
            return change(request, upgraded=True)
        case "refreshInstance" | "refreshLicense":
            return change(request, expires=request["expireTime"], frozen=False)
        case "queryInstance" | "updateInstanceStatus" | "releaseInstance":
            return handle(request, base)
        case other:
            return {"resultCode": "000002", "resultMsg": f"unknown activity {other}"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet for head and body

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "/produceAPI/" in self.path:
            return self.answer(self.sync(body))
        code = refusal(parse_qs(urlsplit(self.path).query), body)
        if code is not None:
            answer = {"resultCode": code, "resultMsg": "not genuine"}
        else:
            try:
                with lock:
                    answer = handle(json.loads(body), f"http://{self.headers.get('Host', LISTEN)}")
            except (KeyError, ValueError) as problem:
                answer = {"resultCode": "000002", "resultMsg": f"bad request: {problem}"}
        self.answer(answer)

    def genuine(self, body: bytes, sent: dict) -> bool:
        """Whether a call of the kit is: 2.0 signs the body in its headers, 1.0 the fields with the token of SaaS 1.0."""
        if "/produceAPI/v2/" not in self.path:
            joined = "&".join(f"{name}={sent[name]}" for name in sorted(sent))
            return hmac.compare_digest(hmac_base64(KEY + sent["timeStamp"], joined.encode()), self.headers.get("authToken", ""))
        timestamp, nonce, sign = (self.headers.get(f"x-{name}", "") for name in ("timestamp", "nonce", "sign"))
        signed = hmac.compare_digest(hmac_hex(f"{KEY}{nonce}{timestamp}".encode() + body), sign.lower())
        return signed and timestamp.isdigit() and time.time() * 1000 - int(timestamp) <= FRESH_MS

    def sync(self, body: bytes) -> dict:
        """A call of the kit."""
        try:
            sent = json.loads(body)
            if not self.genuine(body, sent):
                return {"resultCode": "000001", "resultMsg": "not genuine"}
            with lock:
                return kit.sync(urlsplit(self.path).path.rsplit("/", 1)[-1], sent)
        except (KeyError, TypeError, ValueError) as problem:
            return {"resultCode": "000002", "resultMsg": f"bad request: {problem}"}

    def page(self, url, base: str) -> tuple[int, str] | None:
        """Pages for people, beside the calls of the marketplace: status, and text or where to go."""
        match url.path.rsplit("/", 1)[-1]:
            case "login":
                return kit.log_in(base)
            case "callback":
                return kit.callback(dict(parse_qsl(url.query)), base)
            case "public-key":
                return 200, kit.public_key()
        return None

    def show(self, status: int, text: str) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Location", text) if status == 302 else self.send_header("Content-Type", "text/plain;charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        url, base = urlsplit(self.path), f"http://{self.headers.get('Host', LISTEN)}"
        if (shown := self.page(url, base)) is not None:
            return self.show(*shown)
        sent = parameters_v1(url.query)
        if isinstance(sent, str):
            return self.answer({"resultCode": sent, "resultMsg": "not genuine"})
        try:
            with lock:
                self.answer(handle_v1(sent, base))
        except KeyError as problem:
            self.answer({"resultCode": "000002", "resultMsg": f"missing: {problem}"})

    def answer(self, answer: dict) -> None:
        """Signed as 1.0 wants it; 2.0 does not look."""
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json;charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Body-Sign", f'sign_type="HMAC-SHA256", signature="{hmac_base64(KEY, data)}"')
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    host, port = LISTEN.rsplit(":", 1)
    server = ThreadingHTTPServer((host, int(port)), Handler)
    print(f"listening on http://{host}:{server.server_port}", flush=True)
    server.serve_forever()
