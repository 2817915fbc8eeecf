"""sha256 digests as Slipway writes them: `sha256:` and 64 hexadecimal digits.

Used for the bundle's own digest (over `model.yaml`) and, without the prefix, for the files it lists.
"""

import hashlib
import re

from slipway_contract.errors import BundleError

PREFIX = "sha256:"
HEX = r"[0-9a-f]{64}"
_DIGEST = re.compile(PREFIX + HEX)


def digest_of(data: bytes) -> str:
    """Return the digest of `data` with its `sha256:` prefix."""
    return PREFIX + hashlib.sha256(data).hexdigest()


def parse_digest(text: str) -> str:
    """Return `text` as a digest, lower-cased and stripped.

    Raises BundleError when it is not `sha256:` followed by 64 hexadecimal digits.
    """
    digest = text.strip().lower()
    if not _DIGEST.fullmatch(digest):
        raise BundleError(
            f"'{text}' is not a digest: write sha256: and 64 hexadecimal digits, as `slipway bundle check` prints it"
        )
    return digest
