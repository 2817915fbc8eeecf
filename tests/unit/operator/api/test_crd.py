"""The generated CRD: committed as generated, and structural."""

from pathlib import Path

import pytest

from slipway_operator.api.crd import crd
from slipway_operator.api.generate import files

CHECKOUT = Path(__file__).resolve().parents[4]
SCHEMA = crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


@pytest.mark.parametrize("path", files())
def test_committed_files_are_the_generated_ones(path):
    assert (CHECKOUT / path).read_text() == files()[path], "run `make generate` and commit what it writes"


def nodes(schema, path=""):
    yield path, schema
    for name, part in schema.get("properties", {}).items():
        yield from nodes(part, f"{path}.{name}")
    if isinstance(schema.get("items"), dict):
        yield from nodes(schema["items"], f"{path}[]")


def test_every_part_of_the_schema_has_a_type_and_none_has_a_reference():
    for path, node in nodes(SCHEMA):
        assert "type" in node, path
        assert not {"$ref", "anyOf", "title", "$defs"} & set(node), path


def test_nothing_under_rollout_has_a_default():
    rollout = SCHEMA["properties"]["spec"]["properties"]["rollout"]
    assert [path for path, node in nodes(rollout) if "default" in node] == []


def test_columns_tell_the_story():
    columns = crd()["spec"]["versions"][0]["additionalPrinterColumns"]
    assert [column["name"] for column in columns] == [
        "Phase",
        "Stable",
        "Canary",
        "Weight",
        "Verdict",
        "URL",
        "Age",
    ]
