"""Calls the marketplace's open APIs with huaweicloudsdkcore.

    python client.py whoami
    python client.py order-query MOCKPERIODYEARNEW
    python client.py usage-push INSTANCE 20240105T030000Z 20240105T040000Z 12.5 SERIAL-1
    python client.py licence-activate PL…          (two codes and more: by the batch interface)
    python client.py licence-query PL…
    python client.py licence-usage PL… device-1 device-2
    python client.py licence-upload EV… FILE
    python client.py asset ast_… software_package
    python client.py buyer query-orders '{"limit": 5}'                   (any buyer-side API, by its path)
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
import uuid

from huaweicloudsdkcore.auth.credentials import GlobalCredentials
from huaweicloudsdkcore.client import Client, ClientBuilder
from huaweicloudsdkcore.sdk_response import SdkResponse
from huaweicloudsdkcore.http.formdata import FormFile
from huaweicloudsdkcore.exceptions.exceptions import ServiceResponseException

PUBLIC = "/api/mkp-openapi-public/global"
OPEN = f"{PUBLIC}/v1"
ASSETS = "/api/mkp-openapi-public/v1/asset"


class Answer(SdkResponse):
    """Any document: it is read from `raw_content`."""

    openapi_types = {"document": "object"}
    attribute_map = {"document": "document"}

    def __init__(self, document=None):
        super().__init__()


class Marketplace(Client):
    def __init__(self):
        super().__init__()
        self.model_package = sys.modules[__name__]

    def call(self, method, path, query=(), body=None, headers=None):
        response = self.do_http_request(
            method=method,
            resource_path=path,
            path_params={},
            query_params=list(query),
            header_params={"Content-Type": "application/json", **(headers or {})},
            body=body,
            post_params={},
            cname=None,
            response_type=Answer.__name__,
            response_headers=[],
            collection_formats={},
            request_type=None,
        )
        return json.loads(response.raw_content)


def usage_push(client, instance, begin, end, value, serial):
    """Reports use. Besides AK and SK the body is signed with the key of class basic: over its keys in natural order."""
    record = {"instance_id": instance, "record_time": end, "begin_time": begin, "end_time": end}
    record |= {"usage_value": value, "metering_sn": serial}
    body = {"usage_records": [record]}
    ts, nonce = str(int(time.time() * 1000)), uuid.uuid4().hex
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    signed = f"ts={ts}&nonce={nonce}&body={text}".encode()
    mac = hmac.new(os.environ["YUNSHI_INTERFACE_KEY"].encode(), signed, hashlib.sha256).digest()
    headers = {"signature": base64.b64encode(mac).decode(), "ts": ts, "nonce": nonce}
    return client.call("POST", f"{OPEN}/isv/usage-data", body=body, headers=headers)


def licences(codes):
    """The version of an interface for so many codes, and its body."""
    return ("v1", {"license": codes[0]}) if len(codes) == 1 else ("v2", {"license_list": codes})


def licence(client, name, codes):
    version, body = licences(codes)
    return client.call("POST", f"{PUBLIC}/{version}/license/{name}", body=body)


def upload(client, event, path):
    """The licence that a buyer asked for (on-line opening), as a form of two parts."""
    with open(path, "rb") as file:
        content = file.read()
    said = {"type": "FILE", "sha256": hashlib.sha256(content).hexdigest(), "file_name": os.path.basename(path)}
    form = {"isvUpdateFileReq": json.dumps(said), "file": FormFile(path)}
    return client.call("POST", f"{OPEN}/market-event/{event}/file", body=form, headers={"Content-Type": "multipart/form-data"})


def main(arguments):
    server = os.environ["YUNSHI_SERVER"]
    credentials = GlobalCredentials(os.environ["YUNSHI_ACCESS_KEY"], os.environ["YUNSHI_SECRET_KEY"])
    credentials = credentials.with_iam_endpoint(server)
    client = ClientBuilder(Marketplace, GlobalCredentials.__name__).with_credentials(credentials).with_endpoint(server).build()
    match arguments:
        case ["whoami"]:
            return client.call("GET", "/v3/auth/domains")
        case ["order-query", order, *line]:
            query = [("orderId", order)] + [("orderLineId", id) for id in line]
            return client.call("GET", f"{OPEN}/order/query", query)
        case ["usage-push", instance, begin, end, value, serial]:
            return usage_push(client, instance, begin, end, value, serial)
        case ["licence-activate", *codes] if codes:
            # Refused a second time with 92020003: then it is activated already; ask for its state.
            return licence(client, "activate", codes)
        case ["licence-query", *codes] if codes:
            return licence(client, "heartbeat", codes)
        case ["licence-upload", event, path]:
            return upload(client, event, path)
        case ["licence-usage", code, *ids] if ids:
            info = {"license": code, "software_usage_Info": [{"id": id} for id in ids]}
            return client.call("POST", f"{PUBLIC}/v2/license/software-usage-info", body={"usage_info": [info]})
        case ["asset", asset, kind, *version]:
            query = [("asset_id", asset), ("deployed_type", kind)] + [("asset_version", text) for text in version]
            return client.call("GET", f"{ASSETS}/deployed-object", query)
        case ["buyer", path, body]:
            return client.call("POST", f"{OPEN}/{path}", body=json.loads(body))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    try:
        print(json.dumps(main(sys.argv[1:]), ensure_ascii=False))
    except ServiceResponseException as error:
        print(json.dumps({"status": error.status_code, "error_code": error.error_code, "error_msg": error.error_msg,
                          "request_id": error.request_id}), file=sys.stderr)
        sys.exit(1)
