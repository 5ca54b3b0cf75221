"""What SaaS 1.0 encrypts: AES-256-CBC under a key that Java's SHA1PRNG makes of the access key."""
import hashlib
import os

import base64
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def java_key(access_key: str, length: int) -> bytes:
    """The first bytes of Java's SHA1PRNG seeded with the access key."""
    state = bytearray(hashlib.sha1(access_key.encode()).digest())
    stream = b""
    while len(stream) < length:
        block = hashlib.sha1(state).digest()
        stream += block
        before, carry = bytes(state), 1
        for i, (old, new) in enumerate(zip(state, block)):
            # Java adds signed bytes; the carry keeps the sign.
            total = (old ^ 128) - 128 + (new ^ 128) - 128 + carry
            state[i] = total & 255
            carry = total >> 8
        if bytes(state) == before:
            state[0] = (state[0] + 1) & 255
    return stream[:length]


def sealed(access_key: str, text: str) -> str:
    """16 letters and digits, then base64 of the text encrypted under them."""
    iv = os.urandom(8).hex()
    padder = padding.PKCS7(128).padder()
    padded = padder.update(text.encode()) + padder.finalize()
    cipher = Cipher(algorithms.AES(java_key(access_key, 32)), modes.CBC(iv.encode())).encryptor()
    return iv + base64.b64encode(cipher.update(padded) + cipher.finalize()).decode()
