"""The preferences: what Check finds, and models that are added."""

from __future__ import annotations

from pathlib import Path

from tests.blender_addon.conftest import InBlender


def test_check_says_what_works(in_blender: InBlender) -> None:
    found = in_blender(
        """
        from fsynth_blender import preferences
        error = said(bpy.ops.fsynth.check)
        report([error, [[check.name, check.works, check.detail, check.remedy] for check in preferences.checks]])
        """
    )
    error, checks = found
    assert error is None
    names = ["ONNX Runtime", "Pillow", "fsynth", "Networks", "Head model", "Device", "Temporary files", "Example"]
    assert [name for name, *_ in checks] == names
    for name, works, detail, remedy in checks:
        assert works, (name, detail)
        assert detail
        assert not remedy


def test_check_says_what_does_not(in_blender: InBlender) -> None:
    checks = in_blender(
        """
        from fsynth_blender import checking
        import fsynth.networks
        sys.modules["PIL"] = None
        report([[check.name, check.works, check.remedy] for check in checking.run_checks("cuda", "nobody's")])
        """
    )
    found = {name: (works, remedy) for name, works, remedy in checks}
    assert found["ONNX Runtime"] == (True, "")
    assert not found["Pillow"][0]
    assert ".zip for" in found["Pillow"][1]
    assert not found["Head model"][0]
    assert not found["Device"][0]
    assert "CPU" in found["Device"][1]


def test_adding_models(in_blender: InBlender, root: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.npz").write_bytes(b"PK, but no more")
    (tmp_path / "basel.mat").write_bytes(b"MATLAB 5.0" + bytes(200))
    found = in_blender(
        """
        from fsynth_blender import preferences
        folder = ARGUMENTS["folder"]
        from fsynth_morphable.formats import embedded
        from pathlib import Path
        own = os.path.join(folder, "mine.npz")
        embedded.write_arrays(embedded.renamed(embedded.read_arrays(Path(ARGUMENTS["head"])), "mine"), Path(own))
        add = bpy.ops.fsynth.add_model
        before = preferences.model_names()
        sentences = [said(add, filepath=os.path.join(folder, name)) for name in ("broken.npz", "basel.mat", "none.npz")]
        added = said(add, filepath=own)
        again = said(add, filepath=own)
        replaced = said(add, filepath=own, overwrite=True)
        report([before, sentences, added, again, replaced, preferences.model_names()])
        """,
        folder=tmp_path,
        head=root / "morphable" / "fsynth_morphable" / "data" / "head.npz",
    )
    before, (broken, basel, missing), added, again, replaced, after = found
    assert before == ["fsynth"]
    assert "broken.npz" in broken
    assert "fsynth models add" in basel
    assert "none.npz does not exist" in missing
    assert added is None
    assert "switch on Replace" in again
    assert replaced is None
    assert after == ["fsynth", "mine"]


def test_thumbnails(in_blender: InBlender, astronaut: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.jpg").write_text("Dear Blender,")
    found = in_blender(
        """
        from fsynth_blender import thumbnail
        shown = [thumbnail.load_photo(path) for path in (ARGUMENTS["photo"], ARGUMENTS["letter"], "", "/nowhere.jpg")]
        key = thumbnail._key(ARGUMENTS["photo"])
        size = list(thumbnail._collection[key].image_size)
        again = thumbnail.photo_icon(ARGUMENTS["photo"]) == shown[0]
        unread = thumbnail.photo_icon(ARGUMENTS["letter"])
        thumbnail.clear()
        report([shown[1:], size, again, unread, thumbnail._collection is None])
        """,
        photo=astronaut,
        letter=tmp_path / "letter.jpg",
    )
    assert found == [[0, 0, 0], [256, 256], True, 0, True]
