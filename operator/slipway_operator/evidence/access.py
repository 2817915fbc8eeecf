"""How a source is asked: whom to say that one is, and whom to trust. From a Secret of the user's; pure."""

import base64
import binascii
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slipway_operator.api import names

Json = dict[str, Any]


class UnfitSecretError(Exception):
    """The Secret is not one for this; the message says why, and never what is in it."""


@dataclass(frozen=True)
class Access:
    """What goes with every request."""

    headers: Mapping[str, str] = field(default_factory=dict)
    trust: ssl.SSLContext | None = None
    """None: the certificate authorities of the operator's image."""


def access_of(secret: Json) -> Access:
    """From a Secret with ``token``, or ``username`` and ``password``, and perhaps ``ca.crt``. Raises UnfitSecretError."""
    metadata = secret["metadata"]
    name = f"Secret {metadata['name']}"
    if metadata.get("labels", {}).get(names.LABEL_SOURCE) != "true":
        raise UnfitSecretError(
            f'{name} is not labelled {names.LABEL_SOURCE}: "true", so that Slipway may not send it'
        )
    data = secret.get("data") or {}
    return Access(headers=_authorization(name, data), trust=_trust(name, data))


def _authorization(name: str, data: Json) -> dict[str, str]:
    if "token" in data:
        return {"Authorization": f"Bearer {_text(name, data, 'token')}"}
    if "username" in data:
        if "password" not in data:
            raise UnfitSecretError(f"{name} has a username and no password")
        pair = f"{_text(name, data, 'username')}:{_text(name, data, 'password')}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    if "ca.crt" not in data:
        raise UnfitSecretError(f"{name} has neither token, nor username and password, nor ca.crt")
    return {}


def _trust(name: str, data: Json) -> ssl.SSLContext | None:
    if "ca.crt" not in data:
        return None
    try:
        return ssl.create_default_context(cadata=_text(name, data, "ca.crt"))
    except (ssl.SSLError, ValueError) as error:
        raise UnfitSecretError(f"ca.crt of {name} holds no PEM certificates") from error


def _text(name: str, data: Json, key: str) -> str:
    try:
        text = base64.b64decode(data[key], validate=True).decode().strip()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise UnfitSecretError(f"{key} of {name} is not text") from error
    if key != "ca.crt" and any(not part.isprintable() for part in text):
        raise UnfitSecretError(f"{key} of {name} has more than one line")
    return text
