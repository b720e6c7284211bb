from __future__ import annotations

import os
import pickle
import pickletools
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fsynth_morphable.errors import ModelFileError
from fsynth_morphable.formats import flame
from fsynth_morphable.formats.inert_pickle import Inert, read_pickle
from fsynth_morphable.model import COMPONENTS

MEAN = np.array([[0, 0, 0.05], [0.09, 0, 0], [0, 0.09, 0], [-0.09, 0, 0]])
TRIANGLES = np.array([[1, 2, 0], [2, 3, 0]], np.uint32)


def content(modes: int = 303) -> dict[str, Any]:
    directions = np.random.default_rng(0).normal(size=(4, 3, modes))
    return {"v_template": MEAN, "shapedirs": directions, "f": TRIANGLES, "bs_type": "lrotmin"}


def write(path: Path, model: object, protocol: int = 2) -> Path:
    path.write_bytes(pickle.dumps(model, protocol=protocol))
    return path


@pytest.fixture
def chumpy() -> Iterator[type]:
    """A module by chumpy's name, there while the file is written and gone when it is read."""
    module, inner = types.ModuleType("chumpy"), types.ModuleType("chumpy.ch")
    kind = type("Ch", (), {"__module__": "chumpy.ch"})
    inner.Ch = kind  # type: ignore[attr-defined]
    sys.modules["chumpy"], sys.modules["chumpy.ch"] = module, inner
    yield kind
    sys.modules.pop("chumpy", None)
    sys.modules.pop("chumpy.ch", None)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_reads_by_the_files_units_and_order(tmp_path: Path, protocol: int) -> None:
    model = flame.read(write(tmp_path / "flame.pkl", content(), protocol))
    np.testing.assert_allclose(model.mean, MEAN, rtol=1e-6)
    directions = content()["shapedirs"]
    np.testing.assert_allclose(model.identity, directions[..., :300].transpose(2, 0, 1), rtol=1e-6)
    np.testing.assert_allclose(model.expression, directions[..., 300:].transpose(2, 0, 1), rtol=1e-6)
    np.testing.assert_array_equal(model.polygons, [[1, 2, 0, -1], [2, 3, 0, -1]])
    assert model.expression_range == COMPONENTS
    assert len(model.expression_names) == 3


def test_order_of_bytes_and_of_axes(tmp_path: Path) -> None:
    model = content()
    model["v_template"] = MEAN.astype(">f4")
    model["shapedirs"] = np.asfortranarray(model["shapedirs"])
    read = flame.read(write(tmp_path / "flame.pkl", model))
    np.testing.assert_allclose(read.mean, MEAN, rtol=1e-6)
    np.testing.assert_allclose(read.identity[7], content()["shapedirs"][..., 7], rtol=1e-6)


def test_written_by_python_2(tmp_path: Path) -> None:
    """There arrays are byte strings, and objects come from copy_reg."""
    raw = MEAN.astype("<f8").tobytes()
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"
        b"(I1\n(I4\nI3\ntcnumpy\ndtype\n(S'f8'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\n"
        b"T" + len(raw).to_bytes(4, "little") + raw + b"tb"
    )
    thing = b"ccopy_reg\n_reconstructor\n(cscipy.sparse.csc\ncsc_matrix\nc__builtin__\nobject\nNtR}S'maxprint'\nI50\nsb"
    path = tmp_path / "flame.pkl"
    path.write_bytes(b"}S'v_template'\n" + array + b"sS'J_regressor'\n" + thing + b"s.")
    found = read_pickle(path)
    np.testing.assert_array_equal(found["v_template"], MEAN)
    assert isinstance(found["J_regressor"], Inert)
    assert found["J_regressor"].state == {"maxprint": 50}


def test_chumpy_arrays_are_rebuilt_without_chumpy(tmp_path: Path, chumpy: type) -> None:
    model = content()
    shapedirs = chumpy()
    shapedirs.x = model["shapedirs"]
    model["shapedirs"] = shapedirs
    path = write(tmp_path / "flame.pkl", model)
    del sys.modules["chumpy"], sys.modules["chumpy.ch"]
    np.testing.assert_allclose(flame.read(path).identity[0], content()["shapedirs"][..., 0], rtol=1e-6)
    assert "chumpy" not in sys.modules


class Payload:
    """Makes a file when it is unpickled, if it is let."""

    def __init__(self, call: Any, *arguments: object) -> None:
        self.call = call, arguments

    def __reduce__(self) -> tuple[Any, Any]:
        return self.call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    ("call", "named"), [(os.system, "system"), (eval, "eval"), (getattr, "getattr"), (np.load, "load")]
)
def test_payloads_do_not_run(tmp_path: Path, call: Any, named: str, protocol: int) -> None:
    ran = tmp_path / "ran"
    arguments = {
        "system": (f"touch {ran}",),
        "eval": (f"open({str(ran)!r}, 'w')",),
        "getattr": ("text", "upper"),
        "load": (str(ran), None, True),
    }[named]
    path = write(tmp_path / "flame.pkl", content() | {"J": Payload(call, *arguments)}, protocol)
    with pytest.raises(ModelFileError, match=rf"is refused: beside arrays it asks for `.*{named}`"):
        flame.read(path)
    assert not ran.exists()


def test_the_payload_would_run_elsewhere(tmp_path: Path) -> None:
    """So that the test above tests something."""
    ran = tmp_path / "ran"
    pickle.loads(pickle.dumps(Payload(os.system, f"touch {ran}")))
    assert ran.exists()


def test_objects_within_arrays_are_refused(tmp_path: Path) -> None:
    model = content()
    model["f"] = np.array([print, 1], object)
    with pytest.raises(ModelFileError, match=r"is refused: beside arrays it asks for `.*\.print`"):
        flame.read(write(tmp_path / "flame.pkl", model))
    model["f"] = np.array([None, 1], object)
    with pytest.raises(ModelFileError, match="is truncated, or no pickle of arrays"):
        flame.read(write(tmp_path / "flame.pkl", model))


@pytest.mark.parametrize(
    "program",
    [
        b"ccopy_reg\n_reconstructor\n}S'__defaults__'\n(tsb.",  # state for a function
        b"cnumpy\nndarray\n}S'real'\nNsb.",  # state for a class
        b"(cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n(I0\ntS'b'\ntR.",
        b"c_codecs\nencode\n(S'x'\nS'rot13'\ntR.",
        b"\x80\x02\x82\x01.",  # a class of the extension registry
        b"Ppersistent\n.",
        b"r\xff\xff\xff\xff.",  # a memo of four thousand million entries
        b"B\xff\xff\xff\xff.",
        b"}" * 100,
        b"",
    ],
)
def test_odd_programs(tmp_path: Path, program: bytes) -> None:
    path = tmp_path / "odd.pkl"
    path.write_bytes(program)
    with pytest.raises(ModelFileError, match=r"odd\.pkl (is|holds)"):
        read_pickle(path)


def test_truncated_anywhere(tmp_path: Path) -> None:
    whole = pickletools.optimize(pickle.dumps(content(4), protocol=4))
    path = tmp_path / "flame.pkl"
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelFileError, match=r"flame\.pkl is truncated, or no pickle of arrays"):
            flame.read(path)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("f", None, "no array `f`"),
        ("v_template", np.zeros((4, 2)), r"have the shapes \(4, 2\)"),
        ("shapedirs", np.zeros((5, 3, 4)), r"have the shapes \(4, 3\), \(5, 3, 4\)"),
        ("f", np.zeros((4, 3)), "no array `f`"),
    ],
)
def test_not_flame(tmp_path: Path, key: str, value: object, message: str) -> None:
    with pytest.raises(ModelFileError, match=message):
        flame.read(write(tmp_path / "flame.pkl", content() | {key: value}))


def test_no_dictionary(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="holds no dictionary"):
        flame.read(write(tmp_path / "flame.pkl", [1, 2]))
