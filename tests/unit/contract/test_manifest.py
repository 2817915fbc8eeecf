"""The manifest: what is accepted, the sentence for what is not, and canonical bytes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_contract import (
    BundleError,
    Input,
    Manifest,
    Output,
    json_schema,
    parse_manifest,
    render_manifest,
)

SUM = "a" * 64
GOOD = f"""
apiVersion: slipway.dev/v1alpha1
kind: ModelBundle
name: churn
version: "1"
artifact: model.joblib
inputs:
- {{name: age, type: int, example: 40}}
- {{name: plan, type: string}}
outputs:
- {{name: label, type: string, classes: [stay, go]}}
- {{name: probability, type: float, columns: 2}}
libraries: {{scikit-learn: 1.9.1}}
files: {{model.joblib: {SUM}}}
"""

names = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,20}[A-Za-z0-9]\Z")
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
inputs = st.one_of(
    st.builds(
        Input,
        name=texts,
        type=st.just("float"),
        example=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    ),
    st.builds(Input, name=texts, type=st.just("string"), example=st.none() | st.text(max_size=20)),
    st.builds(Input, name=texts, type=st.just("int"), example=st.none() | st.integers(-(2**63), 2**63 - 1)),
    st.builds(Input, name=texts, type=st.just("bool"), example=st.none() | st.booleans()),
)
manifests = st.builds(
    Manifest,
    name=names,
    version=names,
    artifact=st.just("model.joblib"),
    inputs=st.lists(inputs, min_size=1, max_size=5, unique_by=lambda entry: entry.name),
    outputs=st.just([Output(name="value", type="float")]),
    libraries=st.dictionaries(names, names, max_size=3),
    files=st.just({"model.joblib": SUM}),
)


def test_a_good_manifest_is_read() -> None:
    manifest = parse_manifest(GOOD.encode())
    assert (manifest.name, manifest.version, manifest.inputs[0].example) == ("churn", "1", 40)
    assert [entry.width for entry in manifest.inputs] == [1, 1]


@pytest.mark.parametrize(
    ("more", "runs"),
    [
        ({}, True),
        ({"format": "skops"}, False),
        ({"format": "onnx"}, False),
        ({"format": "skops", "trusted": ["a.B"]}, True),
        ({"format": "onnx", "code": ["code/a.whl"]}, True),
    ],
)
def test_what_runs_code_of_the_bundle_is_told(more: dict[str, object], runs: bool) -> None:
    fields = parse_manifest(GOOD.encode()).model_dump()
    files = {"model.joblib": SUM, "code/a.whl": SUM}
    assert Manifest.model_validate(fields | {"files": files} | more).runs_code is runs


@given(manifests)
def test_rendering_and_reading_are_inverse_and_canonical(manifest: Manifest) -> None:
    text = render_manifest(manifest)
    assert parse_manifest(text) == manifest
    assert render_manifest(parse_manifest(text)) == text


def test_the_order_of_files_does_not_matter() -> None:
    fields = parse_manifest(GOOD.encode()).model_dump()
    one = Manifest.model_validate(fields | {"files": {"model.joblib": SUM, "a.txt": SUM}})
    other = Manifest.model_validate(fields | {"files": {"a.txt": SUM, "model.joblib": SUM}})
    assert render_manifest(one) == render_manifest(other)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("slipway.dev/v1alpha1", "slipway.dev/v9", "apiVersion"),
        ("ModelBundle", "Model", "kind"),
        ("name: churn", "name: a/b", "name: String should match"),
        ('version: "1"', "version: 1", "version: Input should be a valid string"),
        ("artifact: model.joblib", "artifact: other.joblib", "artifact 'other.joblib' is not listed"),
        ("type: int", "type: number", "inputs.0.type"),
        ("example: 40", "example: forty", "example is not a int"),
        ("example: 40", "example: [40]", "example must hold 1 value"),
        ("name: plan", "name: age", "input 'age' is listed 2 times"),
        ("name: probability", "name: label", "output 'label' is listed 2 times"),
        ("columns: 2", "columns: 0", "outputs.1.columns"),
        ("kind: ModelBundle", "kind: ModelBundle\nowner: me", "owner: Extra inputs"),
        ("kind: ModelBundle", "kind: ModelBundle\nformat: keras", "format: Input should be"),
        (
            "kind: ModelBundle",
            "kind: ModelBundle\ncode: [code/a.whl]",
            "code 'code/a.whl' is not a wheel below code/",
        ),
        (
            "kind: ModelBundle",
            "kind: ModelBundle\ncode: [model.joblib]",
            "code 'model.joblib' is not a wheel",
        ),
        ("kind: ModelBundle", "kind: ModelBundle\ntrusted: [a.B]", "trusted is for format skops"),
        (f"model.joblib: {SUM}", "model.joblib: abc", "files.model.joblib"),
    ],
)
def test_a_wrong_manifest_is_named(old: str, new: str, sentence: str) -> None:
    assert old in GOOD
    with pytest.raises(BundleError) as caught:
        parse_manifest(GOOD.replace(old, new).encode())
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x", "a/../../x", "a//b", "./a", ".", "..", "a/", "a\\b", ""]
)
def test_a_path_that_leaves_the_folder_is_refused(path: str) -> None:
    fields = parse_manifest(GOOD.encode()).model_dump()
    with pytest.raises(ValueError, match="not a plain path"):
        Manifest.model_validate(fields | {"files": {"model.joblib": SUM, path: SUM}})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"a: [", "not YAML"),
        (b"\xff\xfe\xff", "not YAML"),
        (b"a: &x 1\nb: *x", "aliases"),
        (b"!!python/object/apply:os.system [true]", "not YAML"),
        (b"- 1", "not a manifest"),
        (b"", "not a manifest"),
        (b"[" * 5000, "not YAML"),
    ],
)
def test_what_is_no_manifest_is_refused(text: bytes, sentence: str) -> None:
    with pytest.raises(BundleError, match=sentence):
        parse_manifest(text)


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ("type: string, minimum: 1", "minimum and maximum are for numbers, not for a string"),
        ("type: int, minimum: 3, maximum: 2", "minimum is above maximum"),
        ("type: category", "a category needs its values"),
        ("type: category, values: [1]", "values must all be of type category"),
        ("type: int, infinite: true", "infinite is for floats"),
        ("type: int, missing: nan", "a int cannot be handed on as missing"),
        ("type: float, missing: none", "a missing float is handed on as nan"),
        ("type: float, missing: default", "`default` is named as the value to take, but there is none"),
        ("type: float, default: x", "default is not a float"),
        ("type: float, minimum: 1, default: 0", "default breaks the input's own rules"),
        ("type: int, values: [1, 2], default: 3", "default breaks the input's own rules"),
        ("type: float, required: false", "needs to say what a missing value becomes"),
        ("type: timestamp, example: soon", "example is not a timestamp"),
        ("type: timestamp, example: '0001-01-01T00:00:00+01:00'", "example is not a timestamp"),
        (
            "type: timestamp, missing: default, default: '9999-12-31T23:59:59-01:00'",
            "default is not a timestamp",
        ),
        ("type: float, minimum: 1, example: 0", "example breaks the input's own rules"),
        ("type: category, values: [a], example: z", "example breaks the input's own rules"),
        ("type: float, columns: 2, maximum: 1, example: [0, 2]", "example breaks the input's own rules"),
        ("type: int, minimum: 0.5", "minimum and maximum of an int are whole numbers of 64 bits"),
        (f"type: int, maximum: {2**63}", "minimum and maximum of an int are whole numbers of 64 bits"),
        (f"type: int, values: [{2**70}]", "values must all be of type int"),
        (f"type: int, example: {2**63}", "example is not a int"),
        ("type: float, minimum: 10, values: [5]", "values must all be within minimum and maximum"),
        ("type: float, dtype: int8", "dtype 'int8' is none that is kept for a float"),
        ("type: int, dtype: int", "dtype 'int' is none that is kept for a int"),
        ("type: timestamp, dtype: 'datetime64[us]'", r"dtype 'datetime64\[us\]' is none that is kept"),
        ("type: timestamp, dtype: category", "dtype 'category' is none that is kept for a timestamp"),
        ("type: string, dtype: category", "dtype 'category' needs values, which are its categories"),
        ("type: float, columns: 2, dtype: float32", "dtype is for one feature, not for a matrix"),
        ("type: int, dtype: int8, default: 128", "default breaks the input's own rules"),
    ],
)
def test_rules_that_contradict_each_other_are_named(rules: str, sentence: str) -> None:
    with pytest.raises(BundleError, match=sentence):
        parse_manifest(GOOD.replace("type: int, example: 40", rules).encode())


def test_rules_at_their_defaults_are_not_written() -> None:
    text = render_manifest(parse_manifest(GOOD.encode())).decode()
    assert "- name: plan\n  type: string\n- " in text or "- name: plan\n  type: string\noutputs" in text


def test_golden_rows_and_reference_must_be_listed() -> None:
    with pytest.raises(BundleError, match=r"golden 'golden.json' is not listed under files"):
        parse_manifest(GOOD.replace("libraries", "golden: golden.json\nlibraries").encode())


def test_the_published_schema_is_that_of_the_types() -> None:
    published = Path(__file__).parents[3] / "docs" / "model.schema.json"
    assert published.read_text() == json_schema(), (
        "write it anew: python -m slipway_contract > docs/model.schema.json"
    )
