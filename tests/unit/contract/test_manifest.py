"""The manifest: what is accepted, the sentence for what is not, and canonical bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway_contract import BundleError, Input, Manifest, Output, parse_manifest, render_manifest

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
    st.builds(Input, name=texts, type=st.just("int"), example=st.none() | st.integers()),
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
