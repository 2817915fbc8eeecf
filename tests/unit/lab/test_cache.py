"""The cache: digests tell content, stamps tell what a part was made from."""

import threading

import pytest

from slipway_lab.cache import Cache, digest_of, locked


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def test_a_digest_depends_on_content_and_names_but_not_on_the_place(tmp_path):
    for place in ("one", "two"):
        (tmp_path / place / "sub").mkdir(parents=True)
        (tmp_path / place / "sub" / "file").write_text("x")
    assert digest_of(tmp_path / "one") == digest_of(tmp_path / "two")
    (tmp_path / "two" / "sub" / "file").rename(tmp_path / "two" / "sub" / "other")
    assert digest_of(tmp_path / "one") != digest_of(tmp_path / "two")


def test_a_digest_keeps_its_parts_apart():
    assert digest_of("ab", "c") != digest_of("a", "bc")


def test_a_digest_takes_no_notice_of_compiled_python(tmp_path):
    (tmp_path / "a.py").write_text("x")
    before = digest_of(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_bytes(b"y")
    assert digest_of(tmp_path) == before


def test_a_part_is_fresh_only_with_its_stamp_and_its_results(cache):
    result = cache.folder("part") / "result"
    assert not cache.fresh("part", "d1", result)
    result.touch()
    assert not cache.fresh("part", "d1", result)
    cache.mark("part", "d1")
    assert cache.fresh("part", "d1", result)
    assert not cache.fresh("part", "d2", result)
    result.unlink()
    assert not cache.fresh("part", "d1", result)


def test_a_broken_stamp_means_not_fresh(cache):
    (cache.folder("stamps") / "part").write_text('"half')
    assert not cache.fresh("part", "half")


def test_a_folder_takes_the_old_ones_place_only_if_it_was_made_whole(cache):
    with cache.fresh_folder("part") as folder:
        (folder / "old").touch()
    with pytest.raises(IsADirectoryError), cache.fresh_folder("part") as folder:
        folder.write_text("fails")
    assert [path.name for path in (cache.root / "part").iterdir()] == ["old"]
    with cache.fresh_folder("part") as folder:
        (folder / "new").touch()
    assert [path.name for path in (cache.root / "part").iterdir()] == ["new"]


def test_a_held_lock_is_waited_for_and_said(tmp_path):
    said, entered = [], threading.Event()

    def second():
        with locked(tmp_path / "lock", "busy", lambda line: (said.append(line), waiting.set())):
            entered.set()

    waiting = threading.Event()
    with locked(tmp_path / "lock", "busy", said.append):
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(5)
        assert not entered.is_set()
    thread.join(5)
    assert entered.is_set()
    assert said == ["busy"]
