"""The JSON Schema of `model.yaml`, for editors and for people; published as docs/model.schema.json."""

import json

from slipway_contract.manifest import Manifest


def json_schema() -> str:
    """Return the schema as indented JSON, generated from the types."""
    schema = Manifest.model_json_schema(by_alias=True)
    document = (
        {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema | {"title": "Slipway model.yaml"}
    )
    return json.dumps(document, indent=2) + "\n"
