"""The joint-SaaS kit: tenants with their departments, people and credential, and sign-on by the marketplace.

Adding or deleting twice succeeds. People are sent to the marketplace and come back with a code; PKCE proves that it is ours to use.
"""
import base64
import hashlib
import json
import os
import secrets
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from urllib.error import HTTPError

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

PLATFORM = os.environ.get("SELLER_PLATFORM", "http://127.0.0.1:8080")
OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)

tenants: dict[str, dict] = {}
log_ins: dict[str, dict] = {}


def private_key() -> rsa.RSAPrivateKey:
    path = os.environ.get("SELLER_PRIVATE_KEY")
    if path is None:
        return rsa.generate_private_key(public_exponent=65537, key_size=3072)
    with open(path, "rb") as file:
        return serialization.load_pem_private_key(file.read(), password=None)


KEY = private_key()


def public_key() -> str:
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return KEY.public_key().public_bytes(serialization.Encoding.PEM, spki).decode()


def put(into: dict, key: str, value: dict, flag: int) -> None:
    """Flags 0 and 3 take away, 1 and 2 add and change."""
    if flag in (0, 3):
        into.pop(key, None)
    else:
        into[key] = value


def sync(name: str, sent: dict) -> dict:
    """A call whose signature was right."""
    tenant = tenants.get(sent.get("instanceId"), {"departments": {}, "people": {}, "credential": None})
    match name:
        case "tenantSync":
            put(tenants, sent["instanceId"], {**sent, "departments": {}, "people": {}, "credential": None}, sent["flag"])
        case "allOrgSync":
            tenant["departments"].update({d["orgCode"]: d for d in json.loads(sent["orgInfo"])})
        case "singleOrgSync":
            put(tenant["departments"], sent["orgCode"], sent, sent["flag"])
        case "applicationSync" if sent["flag"] == 0:
            tenant["credential"] = None
        case "applicationSync":
            try:
                secret = KEY.decrypt(base64.b64decode(sent["clientSecret"]), OAEP).decode()
            except ValueError:
                # The debugger's client secret is no real one.
                if sent.get("testFlag") != 1:
                    raise
                secret = ""
            tenant["credential"] = {"id": sent["clientId"], "secret": secret}
        case "authSync":
            users = sent["userList"]  # text in 1.0
            for user in json.loads(users) if isinstance(users, str) else users:
                put(tenant["people"], user["userName"], user, sent["flag"])
        case _:
            return {"resultCode": "000002", "resultMsg": "unknown call"}
    return {"resultCode": "000000", "resultMsg": "success"}


def log_in(base: str) -> tuple[int, str]:
    """Status, and where to go or what to say."""
    credential = next((t["credential"] for t in tenants.values() if t["credential"]), None)
    if credential is None:
        return 404, "nobody has bound this application"
    state, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(32)
    log_ins[state] = {"verifier": verifier, "credential": credential}
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {"response_type": "code", "client_id": credential["id"], "redirect_uri": f"{base}/callback", "scope": "openid profile",
             "state": state, "code_challenge": challenge, "code_challenge_method": "S256"}
    return 302, f"{PLATFORM}/api/v1/oauth2/authorize?{urlencode(asked)}"


def asked(path: str, form: dict | None = None, token: str = "") -> dict:
    """An answer of the marketplace's; also its refusals are JSON."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = Request(f"{PLATFORM}/api/v1/oauth2/{path}", urlencode(form).encode() if form else None, headers)
    try:
        with urlopen(request) as answer:
            return json.load(answer)
    except HTTPError as refused:
        return json.load(refused)


def callback(query: dict[str, str], base: str) -> tuple[int, str]:
    begun = log_ins.pop(query.get("state"), None)
    if begun is None:
        return 400, "this log-in was not begun here"
    if "error" in query:
        return 403, f"{query['error']}: {query.get('error_description', '')}"
    credential = begun["credential"]
    tokens = asked("token", {"grant_type": "authorization_code", "code": query["code"], "redirect_uri": f"{base}/callback",
                             "code_verifier": begun["verifier"], "client_id": credential["id"], "client_secret": credential["secret"]})
    if "access_token" not in tokens:
        return 403, f"{tokens['error']}: {tokens['error_description']}"
    user = asked("userinfo", token=tokens["access_token"])
    known = tenants.get(user["instance_id"], {"people": {}})["people"].get(user["preferred_username"])
    return (200, f"Welcome {user['name']} ({known['role']}, {known['orgCode']})") if known else (403, "you were not announced")
