"""推送：核对签名，解密，读取；应答的加密。 Pushes: verified, decrypted, read; and answers, encrypted.

Secure mode needs AES, which the standard library has not: Debian's python3-cryptography, or `pip install cryptography`.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time

MAX_AGE_SECONDS = 600


class Refused(Exception):
    """The push is not shown to be WeChat's."""


class Pushes:
    """From a request to a push that is WeChat's."""

    def __init__(self, app_id, token, aes_key=None):
        self.app_id, self.token = app_id, token
        self.key = base64.b64decode(aes_key + "=") if aes_key else None

    def verify(self, query, name="signature", *more):
        """Raises Refused unless the query is signed with our token, just now."""
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        right = sha1_of(self.token, timestamp, nonce, *more)
        if not hmac.compare_digest(right.encode(), query.get(name, "").encode()):
            raise Refused("the signature is wrong")
        if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > MAX_AGE_SECONDS:
            raise Refused("the timestamp is old")

    def read(self, body, query):
        """The push's fields. Raises Refused, or ValueError for what WeChat sent and we can't read."""
        if self.key is None:
            self.verify(query)
            return read_json(body)
        # In secure mode msg_signature alone covers what was sent.
        try:
            encrypted = json.loads(body)["Encrypt"]
            self.verify(query, "msg_signature", encrypted)
            message, app_id = self.decrypt(encrypted)
        except (ValueError, KeyError, TypeError) as error:
            raise Refused("not an encrypted push") from error
        if app_id != self.app_id:
            raise Refused("encrypted for another AppID")
        return read_json(message)

    def decrypt(self, encrypted):
        """random(16) + length(4) + message + AppID, padded to 32 bytes."""
        cipher = aes(self.key).decryptor()
        padded = cipher.update(base64.b64decode(encrypted, validate=True)) + cipher.finalize()
        plain = padded[: -padded[-1]]
        end = 20 + int.from_bytes(plain[16:20], "big")
        return plain[20:end], plain[end:].decode()

    def write(self, fields):
        """The body of an answer: in secure mode encrypted and signed, as pushes are."""
        text = json.dumps(fields, ensure_ascii=False)
        if self.key is None:
            return text
        message, timestamp, nonce = text.encode(), str(int(time.time())), secrets.token_hex(8)
        plain = secrets.token_bytes(16) + len(message).to_bytes(4, "big") + message + self.app_id.encode()
        padding = 32 - len(plain) % 32
        cipher = aes(self.key).encryptor()
        sealed = base64.b64encode(cipher.update(plain + bytes([padding]) * padding) + cipher.finalize()).decode()
        signature = sha1_of(self.token, timestamp, nonce, sealed)
        return json.dumps({"Encrypt": sealed, "MsgSignature": signature, "TimeStamp": int(timestamp), "Nonce": nonce})


def sha1_of(*parts):
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def aes(key):
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))


def read_json(body):
    # WeChat may leave control characters in a text as they are: strict=False.
    push = json.loads(body.decode("utf-8", "replace"), strict=False)
    if not isinstance(push, dict):
        raise ValueError("not a push")
    return push
