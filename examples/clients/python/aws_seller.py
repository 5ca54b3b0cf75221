"""What a seller's program for AWS Marketplace does, by boto3, with this marketplace as its endpoint.

    export YUNSHI_SERVER=http://127.0.0.1:8080 YUNSHI_ACCESS_KEY=… YUNSHI_SECRET_KEY=…
    python aws_seller.py resolve TOKEN
    python aws_seller.py meter PRODUCT CUSTOMER DIMENSION QUANTITY 2026-01-02T03:04:05Z
    python aws_seller.py meter-license LICENSE_ARN ACCOUNT DIMENSION QUANTITY 2026-01-02T03:04:05Z
    python aws_seller.py entitlements PRODUCT CUSTOMER_IDENTIFIER=… DIMENSION=…
"""

import json
import os
import sys
from datetime import datetime

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


def service(name):
    return boto3.client(
        name,
        endpoint_url=os.environ["YUNSHI_SERVER"] + "/aws",
        region_name="us-east-1",
        aws_access_key_id=os.environ["YUNSHI_ACCESS_KEY"],
        aws_secret_access_key=os.environ["YUNSHI_SECRET_KEY"],
        config=Config(proxies={}, retries={"max_attempts": 1}),
    )


def quantity(text):
    """A whole number, or a decimal one as text."""
    return {"Quantity": int(text)} if text.isdigit() else {"QuantityAsDecimal": text}


def run(operation, *arguments):
    if operation == "resolve":
        return service("meteringmarketplace").resolve_customer(RegistrationToken=arguments[0])
    if operation == "meter":
        product, customer, dimension, used, at = arguments
        record = {"CustomerIdentifier": customer, "Dimension": dimension, "Timestamp": datetime.fromisoformat(at), **quantity(used)}
        return service("meteringmarketplace").batch_meter_usage(ProductCode=product, UsageRecords=[record])
    if operation == "meter-license":
        license_arn, account, dimension, used, at = arguments
        record = {
            "LicenseArn": license_arn,
            "CustomerAWSAccountId": account,
            "Dimension": dimension,
            "Timestamp": datetime.fromisoformat(at),
            **quantity(used),
        }
        return service("meteringmarketplace").batch_meter_usage(UsageRecords=[record])
    if operation == "entitlements":
        wanted = {}
        for pair in arguments[1:]:
            name, value = pair.split("=", 1)
            wanted.setdefault(name, []).append(value)
        pages = service("marketplace-entitlement").get_paginator("get_entitlements")
        asked = {"ProductCode": arguments[0], **({"Filter": wanted} if wanted else {})}
        return {"Entitlements": [e for page in pages.paginate(**asked, PaginationConfig={"PageSize": 2}) for e in page["Entitlements"]]}
    sys.exit(__doc__)


if __name__ == "__main__":
    try:
        answer = run(*sys.argv[1:])
        answer.pop("ResponseMetadata", None)
        print(json.dumps(answer, default=lambda value: value.isoformat()))
    except ClientError as e:
        print(json.dumps({"error": e.response["Error"]["Code"], "message": e.response["Error"]["Message"]}), file=sys.stderr)
        sys.exit(1)
