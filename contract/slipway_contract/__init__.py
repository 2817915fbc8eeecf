"""The contract of a model bundle: what it is, what it takes, what it answers, and how to trust its bytes.

A bundle is a folder: one artifact (the fitted pipeline) and `model.yaml`, the manifest, which lists the sha256 of
every other file. The bundle's digest is the sha256 of `model.yaml` itself, so that one short string pins all of it.

This package sits below both programs and the command line and imports pydantic and PyYAML alone, because the
operator imports it too.
"""

from slipway_contract.compatibility import Comparison, compare
from slipway_contract.digest import digest_of, parse_digest
from slipway_contract.errors import BundleError
from slipway_contract.fields import Input, Output, Scalar, ValueType
from slipway_contract.interface import Interface, parse_interface
from slipway_contract.manifest import Manifest, parse_manifest, render_manifest
from slipway_contract.schema import json_schema
from slipway_contract.verify import MANIFEST_NAME, Bundle, open_bundle, verify
from slipway_contract.write import checksums, write_bundle

__all__ = [
    "MANIFEST_NAME",
    "Bundle",
    "BundleError",
    "Comparison",
    "Input",
    "Interface",
    "Manifest",
    "Output",
    "Scalar",
    "ValueType",
    "checksums",
    "compare",
    "digest_of",
    "json_schema",
    "open_bundle",
    "parse_digest",
    "parse_interface",
    "parse_manifest",
    "render_manifest",
    "verify",
    "write_bundle",
]
