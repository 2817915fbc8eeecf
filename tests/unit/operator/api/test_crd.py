"""The generated CRD: committed as generated, and structural."""

from pathlib import Path

import pytest

from slipway_operator.api.crd import crd, crds
from slipway_operator.api.generate import files

CHECKOUT = Path(__file__).resolve().parents[4]


def schema_of(definition):
    return definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


SCHEMA = schema_of(crd())
DEFINITIONS = {definition["spec"]["names"]["kind"]: definition for definition in crds()}


@pytest.mark.parametrize("path", files())
def test_committed_files_are_the_generated_ones(path):
    assert (CHECKOUT / path).read_text() == files()[path], "run `make generate` and commit what it writes"


def nodes(schema, path=""):
    yield path, schema
    for name, part in schema.get("properties", {}).items():
        yield from nodes(part, f"{path}.{name}")
    if isinstance(schema.get("items"), dict):
        yield from nodes(schema["items"], f"{path}[]")


@pytest.mark.parametrize("kind", DEFINITIONS)
def test_every_part_of_a_schema_has_a_type_and_none_has_a_reference(kind):
    for path, node in nodes(schema_of(DEFINITIONS[kind])):
        assert "type" in node, path
        assert not {"$ref", "anyOf", "title", "$defs"} & set(node), path


def test_nothing_under_rollout_has_a_default():
    rollout = SCHEMA["properties"]["spec"]["properties"]["rollout"]
    assert [path for path, node in nodes(rollout) if "default" in node] == []


def test_a_policy_says_what_a_rollout_can_say_but_refers_to_no_other():
    own = SCHEMA["properties"]["spec"]["properties"]["rollout"]["properties"]
    for kind, scope in (("RolloutPolicy", "Namespaced"), ("ClusterRolloutPolicy", "Cluster")):
        assert DEFINITIONS[kind]["spec"]["scope"] == scope
        shared = schema_of(DEFINITIONS[kind])["properties"]["spec"]["properties"]
        assert shared == {name: part for name, part in own.items() if name != "policyRef"}


def test_a_status_has_one_owner_as_a_whole_and_a_spec_one_for_each_field():
    (version,) = crd()["spec"]["versions"]
    parts = version["schema"]["openAPIV3Schema"]["properties"]
    assert parts["status"]["x-kubernetes-map-type"] == "atomic"
    assert "x-kubernetes-map-type" not in parts["spec"]


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
