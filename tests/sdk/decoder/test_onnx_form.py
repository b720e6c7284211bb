from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.sdk.decoder.small import KINDS, features, make

from fsynth.errors import WeightsError

pytestmark = pytest.mark.requires_extra("tensorflow")


def through_half(decoder) -> None:
    """Round the weights to what the file keeps of them."""
    for weight in decoder.weights:
        values = np.asarray(weight)
        if values.size >= 4096:
            weight.assign(values.astype(np.float16).astype(np.float32))


@pytest.mark.parametrize("kind", KINDS)
def test_onnx_runtime_and_keras_agree(kind: str, tmp_path: Path) -> None:
    from fsynth.decoder import onnx_form
    from fsynth.engines import OnnxEngine

    decoder = make(kind)
    through_half(decoder)
    onnx_form.save(decoder, tmp_path / "small.onnx", encoder=None, name="small")

    keras_result = decoder(features())
    onnx_result = OnnxEngine(tmp_path / "small.onnx", "cpu").decode(features())

    np.testing.assert_allclose(onnx_result.landmarks, keras_result["landmarks"], atol=1e-4)
    np.testing.assert_allclose(onnx_result.textures, keras_result["texture"], atol=1e-5)
    np.testing.assert_allclose(onnx_result.images, keras_result["image"], atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_saved_weights_load_into_an_equal_decoder(kind: str, tmp_path: Path) -> None:
    from fsynth.decoder import onnx_form

    decoder = make(kind)
    through_half(decoder)
    onnx_form.save(decoder, tmp_path / "small.onnx", encoder="faceres", name="small")
    again, card = onnx_form.load(tmp_path / "small.onnx")

    assert card.encoder == "faceres"
    assert card.settings == decoder.settings
    np.testing.assert_allclose(decoder(features())["image"], again(features())["image"], atol=1e-6)


def saved(tmp_path: Path) -> Path:
    from fsynth.decoder import onnx_form

    path = tmp_path / "small.onnx"
    onnx_form.save(make("dense"), path, encoder=None, name="small")
    return path


def test_saving_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    first = saved(tmp_path).read_bytes()

    assert saved(tmp_path).read_bytes() == first


def test_damage_is_found_by_its_sha256(tmp_path: Path) -> None:
    from fsynth import load

    path = saved(tmp_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)

    with pytest.raises(WeightsError, match=r"small\.onnx is damaged: its sha256"):
        load(path)


@pytest.mark.parametrize("engine", ["onnx", "tensorflow"])
def test_other_files_are_refused_with_their_name(tmp_path: Path, engine: str) -> None:
    from fsynth import load

    path = tmp_path / "notes.onnx"
    path.write_bytes(b"not a model at all")

    with pytest.raises(WeightsError, match=r"notes\.onnx"):
        load(path, engine=engine)


def test_models_that_are_no_decoder_are_refused(tmp_path: Path) -> None:
    from fsynth import load, networks

    path = tmp_path / "mesh.onnx"
    path.write_bytes(networks.read_network("facemesh"))

    with pytest.raises(WeightsError, match="carries no fsynth card"):
        load(path)


def test_another_version_is_named(tmp_path: Path) -> None:
    import onnx

    from fsynth import load

    path = saved(tmp_path)
    model = onnx.load(path)
    card = json.loads(model.metadata_props[0].value) | {"format": 99}
    model.metadata_props[0].value = json.dumps(card)
    path.with_name("small.onnx.sha256").unlink()
    onnx.save(model, path)

    with pytest.raises(WeightsError, match="format 99, and this fsynth reads format 1"):
        load(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    from fsynth import load

    with pytest.raises(WeightsError, match=r"no weights file .*absent\.onnx"):
        load(tmp_path / "absent.onnx")


@pytest.mark.parametrize("engine", ["onnx", "tensorflow"])
def test_weights_for_an_encoder_of_another_fsynth_are_refused(tmp_path: Path, engine: str) -> None:
    from fsynth import load
    from fsynth.decoder import onnx_form

    path = tmp_path / "future.onnx"
    onnx_form.save(make("dense"), path, encoder="retina", name="future")

    with pytest.raises(WeightsError, match=r"future\.onnx takes the features of the encoder 'retina'"):
        load(path, engine=engine)


def test_the_bank_is_stored_in_bytes_and_read_as_it_is_run(tmp_path: Path) -> None:
    import onnx

    from fsynth.decoder import onnx_form

    decoder = make("detail")
    decoder.detail.bank.assign(np.random.default_rng(9).normal(0, 0.05, decoder.detail.bank.shape))
    before = np.asarray(decoder.detail.bank)
    onnx_form.save(decoder, tmp_path / "small.onnx", encoder=None, name="small")

    again, _ = onnx_form.load(tmp_path / "small.onnx")
    stored = {tensor.name: tensor for tensor in onnx.load(tmp_path / "small.onnx").graph.initializer}
    assert onnx.numpy_helper.to_array(stored["detail/bank"]).dtype == np.int8
    step = np.abs(before).max(axis=1, keepdims=True) / 127
    assert (np.abs(np.asarray(again.detail.bank) - before) <= 0.501 * step).all()


def test_a_kernel_that_paints_a_large_plane_is_stored_in_bytes(tmp_path: Path) -> None:
    import onnx

    from fsynth.decoder import onnx_form

    decoder = make("matte", image_size=224, code_width=24)
    kernel = decoder.named_weights()["dense/luma/kernel"]
    scales = np.geomspace(1, 1e-3, 24)[:, None]
    before = scales * np.random.default_rng(1).uniform(-1, 1, kernel.shape)
    kernel.assign(before)
    onnx_form.save(decoder, tmp_path / "large.onnx", encoder=None, name="large")

    stored = {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(tmp_path / "large.onnx").graph.initializer}
    again, _ = onnx_form.load(tmp_path / "large.onnx")
    assert stored["dense/luma/kernel"].dtype == np.int8
    assert stored["dense/chroma/kernel"].dtype == np.float16
    # A small row is as exact, for its size, as a large one.
    error = np.abs(np.asarray(again.named_weights()["dense/luma/kernel"]) - before)
    assert (error <= 0.501 * scales / 127).all()
