"""Verifies a licence file without network and without any library: Ed25519 as RFC 8032 writes it.

    python verify.py LICENCE_FILE KEYS_FILE [FINGERPRINT [NOW]]

KEYS_FILE is the seller's JSON Web Key Set; a program has it built in. FINGERPRINT is MAC addresses, disk, board and
CPU serials joined by |, needed for a file that is bound to a machine. NOW is in seconds since 1970, for trying.
Prints JSON; exit code 0 for a good file, 1 for a refused one.
"""

import base64, hashlib, json, sys, time

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


class Refused(Exception):
    pass


def add(a, b):
    """Two points of the curve in extended coordinates (RFC 8032, 5.1.4)."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    i, j, k, l = f - e, h - g, h + g, f + e
    return i * j % P, k * l % P, j * k % P, i * l % P


def times(n, point):
    result = (0, 1, 1, 0)
    while n:
        if n & 1:
            result = add(result, point)
        point, n = add(point, point), n >> 1
    return result


def point_of(data):
    """A point from its 32 bytes (RFC 8032, 5.1.3)."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise Refused("bad signature")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(key, text, signature):
    if len(signature) != 64 or int.from_bytes(signature[32:], "little") >= L:
        return False
    a, r, s = point_of(key), point_of(signature[:32]), int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % L
    one, two = times(s, BASE), add(r, times(h, a))
    return (one[0] * two[2] - two[0] * one[2]) % P == 0 and (one[1] * two[2] - two[1] * one[2]) % P == 0


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def fingerprint_of(text):
    ones = [{o.strip().upper() for o in part.split(",")} - {""} for part in text.split("|")]
    if len(ones) > 8 or not any(ones):
        raise Refused("bad fingerprint")
    return [sorted({hashlib.sha256(o.encode()).hexdigest()[:32] for o in part}) for part in ones]


def same_machine(machine, here):
    if machine["exact"]:
        return machine["parts"] == here
    alike = [bool(set(a) & set(b)) for a, b in zip(machine["parts"], here) if a and b]
    return 2 * sum(alike) > len(alike)


def verify(file, keys, now, fingerprint=None):
    try:
        head, body, signature = file.strip().split(".")
        header, signature = json.loads(decode(head)), decode(signature)
        if header["alg"] != "EdDSA" or header["typ"] != "licence+jwt":
            raise Refused("malformed")
    except (ValueError, KeyError, TypeError):
        raise Refused("malformed")
    key = next((decode(k["x"]) for k in keys["keys"] if k.get("crv") == "Ed25519" and k["kid"] == header.get("kid")), None)
    if key is None:
        raise Refused("unknown key")
    if not signed(key, f"{head}.{body}".encode(), signature):
        raise Refused("bad signature")
    claims = json.loads(decode(body))
    if now + 300 < claims["iat"]:
        raise Refused("not yet valid: the machine's clock is behind")
    if claims.get("exp") is not None and claims["exp"] <= now:
        raise Refused("expired")
    if "machine" in claims:
        if fingerprint is None:
            raise Refused("the machine's fingerprint is needed")
        if not same_machine(claims["machine"], fingerprint_of(fingerprint)):
            raise Refused("for another machine")
    grace = claims.get("expires") is not None and claims["expires"] <= now
    return {"standing": "grace" if grace else "valid", "features": claims["features"], "quantity": claims["quantity"]}


if __name__ == "__main__":
    file, keys = open(sys.argv[1]).read(), json.load(open(sys.argv[2]))
    here = sys.argv[3] if len(sys.argv) > 3 and sys.argv[3] else None
    try:
        print(json.dumps(verify(file, keys, int(sys.argv[4]) if len(sys.argv) > 4 else int(time.time()), here)))
    except Refused as e:
        sys.exit(print(json.dumps({"refused": str(e)})) or 1)
