"""What a publisher's program for Azure's SaaS fulfilment does, by azuremarketplace, with this marketplace as its base.

    export YUNSHI_SERVER=http://127.0.0.1:8080 YUNSHI_ACCESS_KEY=… YUNSHI_SECRET_KEY=…
    python azure_seller.py resolve TOKEN
    python azure_seller.py list | show ID | plans ID | operations ID | operation ID OPERATION
    python azure_seller.py activate ID PLAN QUANTITY
    python azure_seller.py change ID PLAN | unsubscribe ID | update ID OPERATION Success
    python azure_seller.py use ID PLAN DIMENSION QUANTITY 2026-01-02T03:04:05Z
"""

import json
import os
import sys
import urllib.parse
import urllib.request
from datetime import datetime

from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import BearerTokenCredentialPolicy
from azuremarketplace.microsoft.marketplace.meter import MeteringAPI
from azuremarketplace.microsoft.marketplace.meter.models import UsageEvent
from azuremarketplace.microsoft.marketplace.saas import SaaSAPI
from azuremarketplace.microsoft.marketplace.saas.models import SubscriberPlan, UpdateOperation

SERVER = os.environ["YUNSHI_SERVER"] + "/azure"


class Credential:
    """A token for an access key, as Entra gives one for a client."""

    def get_token(self, *_scopes, **_options):
        form = {
            "grant_type": "client_credentials",
            "client_id": os.environ["YUNSHI_ACCESS_KEY"],
            "client_secret": os.environ["YUNSHI_SECRET_KEY"],
            "resource": "20e940b3-4c77-4b0b-9a53-9e16a1b010a7",
        }
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(SERVER + "/a-tenant/oauth2/token", urllib.parse.urlencode(form).encode()) as answer:
            given = json.load(answer)
        return AccessToken(given["access_token"], int(datetime.now().timestamp()) + int(given["expires_in"]))


class Plain(BearerTokenCredentialPolicy):
    """Lets a sandbox be called over plain HTTP."""

    def __init__(self):
        super().__init__(Credential(), "20e940b3-4c77-4b0b-9a53-9e16a1b010a7/.default")

    def on_request(self, request):
        request.context.options["enforce_https"] = False
        super().on_request(request)


def keep(response, answer, headers):
    """The answer of an operation with its status and headers."""
    return {"status": response.http_response.status_code, "answer": answer.as_dict() if answer else None, **headers}


def run(operation, *arguments):
    options = {"base_url": SERVER + "/api", "authentication_policy": Plain(), "proxies": {}, "use_env_settings": False}
    saas = SaaSAPI(Credential(), **options)
    fulfilment, operations = saas.fulfillment_operations, saas.subscription_operations
    if operation == "resolve":
        return fulfilment.resolve(arguments[0], cls=keep)
    if operation == "list":
        return {"subscriptions": [s.as_dict() for s in fulfilment.list_subscriptions()]}
    if operation == "show":
        return fulfilment.get_subscription(arguments[0], cls=keep)
    if operation == "plans":
        return fulfilment.list_available_plans(arguments[0], cls=keep)
    if operation == "activate":
        return fulfilment.activate_subscription(arguments[0], SubscriberPlan(plan_id=arguments[1], quantity=int(arguments[2])), cls=keep)
    if operation == "change":
        return fulfilment.update_subscription(arguments[0], SubscriberPlan(plan_id=arguments[1]), cls=keep)
    if operation == "unsubscribe":
        return fulfilment.delete_subscription(arguments[0], cls=keep)
    if operation == "operations":
        return operations.list_operations(arguments[0], cls=keep)
    if operation == "operation":
        return operations.get_operation_status(arguments[0], arguments[1], cls=keep)
    if operation == "update":
        return operations.update_operation_status(arguments[0], arguments[1], UpdateOperation(status=arguments[2]), cls=keep)
    if operation == "use":
        resource, plan, dimension, used, at = arguments
        event = UsageEvent(
            resource_id=resource, plan_id=plan, dimension=dimension, quantity=int(used), effective_start_time=datetime.fromisoformat(at)
        )
        return MeteringAPI(Credential(), **options).metering_operations.post_usage_event(body=event, cls=keep)
    sys.exit(__doc__)


if __name__ == "__main__":
    try:
        print(json.dumps(run(*sys.argv[1:]), default=str))
    except (HttpResponseError, urllib.error.HTTPError) as e:
        print(json.dumps({"error": str(e), "status": getattr(e, "status_code", None) or e.code}), file=sys.stderr)
        sys.exit(1)
