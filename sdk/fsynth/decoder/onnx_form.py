"""Writes a Keras decoder as a weights file, and reads it back."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fsynth.decoder.settings import YCC_TO_RGB
from fsynth.decoder.weights_file import DecoderCard, card_from_metadata, read_weights_file
from fsynth.errors import EngineError, WeightsError

if TYPE_CHECKING:
    import onnx

    from fsynth.decoder.decoder import Decoder

_OPSET = 17
_HALF_FROM = 4096  # arrays of at least this many values are stored in half precision
_BYTES_FROM = 1 << 19  # kernels of planes of at least this many in 8-bit integers, each row with its scale


def save(decoder: Decoder, path: Path, *, encoder: str | None, name: str) -> str:
    """Write ``decoder`` to ``path`` (.onnx) and its sha256 beside it, whole or not at all.

    Large arrays are stored as float16, those that paint whole planes as 8-bit integers with a scale for each row of the
    code; all are computed with as float32.

    Args:
        decoder: a Keras decoder.
        path: the file to write.
        encoder: the encoder whose features it takes, None for other features.
        name: what the weights are called.

    Returns:
        The sha256 of the file.
    """
    card = DecoderCard(decoder.settings, np.asarray(decoder.mean_landmarks), encoder, name)
    data = _to_model(decoder, card).SerializeToString(deterministic=True)
    digest = hashlib.sha256(data).hexdigest()
    partial, checksum = path.with_name(f"{path.name}.partial"), path.with_name(f"{path.name}.sha256")
    partial.write_bytes(data)
    checksum.with_name(f"{checksum.name}.partial").write_text(f"{digest}  {path.name}\n", encoding="ascii")
    partial.replace(path)
    checksum.with_name(f"{checksum.name}.partial").replace(checksum)
    return digest


def load(path: Path) -> tuple[Decoder, DecoderCard]:
    """The Keras decoder in ``path``, and the card of the file.

    Raises:
        EngineError: keras, its backend or onnx is not installed.
        WeightsError: the file is missing, damaged or of another version.
    """
    try:
        import onnx
        from google.protobuf.message import DecodeError
        from onnx import numpy_helper

        from fsynth.decoder.decoder import Decoder
    except ImportError as error:
        raise EngineError(
            f'The Keras decoder needs the package {error.name}. Install it: pip install "fsynth[tensorflow]"'
        ) from error
    try:
        model = onnx.load_from_string(read_weights_file(path))
    except DecodeError as error:
        raise WeightsError(f"{path} is no ONNX file.") from error
    card = card_from_metadata({entry.key: entry.value for entry in model.metadata_props}, path)
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    decoder = Decoder(mean_landmarks=card.mean_landmarks, settings=card.settings)
    for name, weight in decoder.named_weights().items():
        if name == "mean_landmarks":
            continue
        if name not in stored or stored[name].shape != tuple(weight.shape):
            raise WeightsError(f"{path} has no weight {name} of shape {tuple(weight.shape)}, which its card asks for.")
        value = stored[name].astype(np.float32)
        scale = stored.get(f"{name}:scale")
        weight.assign(value if scale is None else value * scale[:, None])
    return decoder, card


class _Graph:
    """Collects the nodes and initializers of an ONNX graph."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []

    def add(self, op: str, inputs: list[str], output: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def constant(self, name: str, value: Any) -> str:
        """Store a value exactly."""
        from onnx import numpy_helper

        self.initializers.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def weight(self, name: str, weight: Any) -> str:
        """Store a weight; a large one in half precision, cast when the session folds constants."""
        from onnx import TensorProto

        array = np.asarray(weight, np.float32)
        if array.size < _HALF_FROM:
            return self.constant(name, array)
        self.constant(name, array.astype(np.float16))
        return self.add("Cast", [name], f"{name}:float32", to=TensorProto.FLOAT)

    def kernel(self, name: str, weight: Any) -> str:
        """Store a kernel (code, values); in bytes if it paints a whole plane: rows differ much in size, values less."""
        rows, columns = weight.shape
        plane = rows * columns >= _BYTES_FROM and columns > 4 * rows
        return self.bytes_weight(name, weight) if plane else self.weight(name, weight)

    def bytes_weight(self, name: str, weight: Any) -> str:
        """Store a weight (rows, columns) as 8-bit integers, each row with a scale of its own."""
        array = np.asarray(weight, np.float32)
        scale = np.maximum(np.abs(array).max(axis=1), 1e-12) / 127
        self.constant(name, np.round(array / scale[:, None]).astype(np.int8))
        zero = self.constant(f"{name}:zero", np.zeros(len(array), np.int8))
        inputs = [name, self.constant(f"{name}:scale", scale.astype(np.float32)), zero]
        return self.add("DequantizeLinear", inputs, f"{name}:float32", axis=0)

    def dense(self, name: str, value: str, weights: dict[str, Any], activation: str | None = None) -> str:
        kernel = self.kernel(f"{name}/kernel", weights[f"{name}/kernel"])
        bias = self.weight(f"{name}/bias", weights[f"{name}/bias"])
        result = self.add("Gemm", [value, kernel, bias], f"{name}:linear")
        return self.add("Relu", [result], f"{name}:relu") if activation == "relu" else result

    def reshape(self, value: str, shape: tuple[int, ...], output: str) -> str:
        return self.add("Reshape", [value, self.constant(f"{output}:shape", np.array(shape, np.int64))], output)


def _to_model(decoder: Decoder, card: DecoderCard) -> onnx.ModelProto:
    import onnx
    from onnx import TensorProto, helper

    settings, weights, graph = decoder.settings, decoder.named_weights(), _Graph()
    squares = graph.add("ReduceSumSquare", ["features"], "norm:squares", axes=[1], keepdims=1)
    norm = graph.add(
        "Sqrt", [graph.add("Add", [squares, graph.constant("tiny", np.float32(1e-12))], "norm:sum")], "norm"
    )
    unit = graph.add("Div", ["features", norm], "unit")
    centred = graph.add("Sub", [unit, graph.weight("features/mean", weights["features/mean"])], "centred")
    value = graph.add("Div", [centred, graph.weight("features/spread", weights["features/spread"])], "normalized")
    code = graph.dense("code", value, weights)
    if settings.code_hidden:
        more = graph.dense("code_hidden", value, weights, "relu")
        kernel = graph.weight("code_residual/kernel", weights["code_residual/kernel"])
        code = graph.add("Add", [code, graph.add("MatMul", [more, kernel], "code_residual")], "code:whole")
    if settings.code_activation == "relu":
        code = graph.add("Relu", [code], "code:relu")

    hidden = graph.dense("landmark_hidden", code, weights, "relu")
    offsets = graph.dense("landmark_offsets", hidden, weights)
    offsets = graph.reshape(offsets, (-1, settings.landmarks, 2), "offsets")
    graph.add("Add", [offsets, graph.constant("mean_landmarks", card.mean_landmarks)], "landmarks")

    graph.constant("black", np.float32(0))
    graph.constant("white", np.float32(1))
    texture = _cnn(graph, code, decoder) if settings.texture == "cnn" else _dense(graph, code, decoder)
    if settings.detail_exemplars:
        texture = _detail(graph, texture, value, decoder)
    if settings.matte_stride:
        texture = _matte(graph, texture, code, decoder)
    graph.add("Clip", [texture, "black", "white"], "texture")

    size = settings.image_size
    outputs = {"landmarks": ["batch", settings.landmarks, 2], "texture": ["batch", size, size, 3]}
    proto = helper.make_graph(
        graph.nodes,
        "fsynth_decoder",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", settings.feature_width])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        graph.initializers,
    )
    opsets = [helper.make_opsetid("", _OPSET)]
    model = helper.make_model(proto, opset_imports=opsets, producer_name="fsynth", ir_version=9)
    helper.set_model_props(model, card.to_metadata())
    onnx.checker.check_model(model)
    return model


def _cnn(graph: _Graph, code: str, decoder: Decoder) -> str:
    settings, weights = decoder.settings, decoder.named_weights()
    base = graph.dense("cnn/base", code, weights, "relu")
    value = graph.reshape(base, (-1, settings.base_size, settings.base_size, settings.base_channels), "cnn/base:nhwc")
    value = graph.add("Transpose", [value], "cnn/base:nchw", perm=[0, 3, 1, 2])
    stages = (settings.image_size // settings.base_size).bit_length() - 1
    for name in (f"cnn/convolution_{i}" for i in range(1, stages + 1)):
        # Stored as Keras has it, (height, width, out, in), so that one array serves both forms.
        kernel = graph.weight(f"{name}/kernel", weights[f"{name}/kernel"])
        kernel = graph.add("Transpose", [kernel], f"{name}:kernel", perm=[3, 2, 0, 1])
        inputs = [value, kernel, graph.weight(f"{name}/bias", weights[f"{name}/bias"])]
        # What "same" means for a transposed 5 x 5 convolution of stride 2: one pixel off the start, two off the end.
        value = graph.add("ConvTranspose", inputs, f"{name}:sum", strides=[2, 2], pads=[1, 1, 2, 2])
        value = graph.add("Relu", [value], f"{name}:relu")
    kernel = graph.add(
        "Transpose", [graph.weight("cnn/rgb/kernel", weights["cnn/rgb/kernel"])], "cnn/rgb:kernel", perm=[3, 2, 0, 1]
    )
    value = graph.add("Conv", [value, kernel, graph.weight("cnn/rgb/bias", weights["cnn/rgb/bias"])], "cnn/rgb:nchw")
    return graph.add("Transpose", [value], "cnn/rgb:nhwc", perm=[0, 2, 3, 1])


def _dense(graph: _Graph, code: str, decoder: Decoder) -> str:
    settings, weights = decoder.settings, decoder.named_weights()
    size, stride = settings.image_size, settings.chroma_stride
    if stride == 1:
        return graph.reshape(graph.dense("dense/rgb", code, weights), (-1, size, size, 3), "dense/rgb:image")
    luma = _coarse(graph, graph.dense("dense/luma", code, weights), size, settings.luma_stride, 1, "dense/luma")
    chroma = _coarse(graph, graph.dense("dense/chroma", code, weights), size, stride, 2, "dense/chroma")
    ycc = graph.add("Concat", [luma, chroma], "dense/ycc", axis=3)
    return graph.add("MatMul", [ycc, graph.constant("dense/ycc_to_rgb", YCC_TO_RGB)], "dense/rgb:image")


def _detail(graph: _Graph, texture: str, normalized: str, decoder: Decoder) -> str:
    settings, weights = decoder.settings, decoder.named_weights()
    logits = graph.dense("detail/choice", normalized, weights)
    chosen = graph.add("Softmax", [logits], "detail/chosen", axis=1)
    bank = graph.bytes_weight("detail/bank", weights["detail/bank"])
    luma = graph.add("MatMul", [chosen, bank], "detail/luma")
    luma = graph.reshape(luma, (-1, settings.image_size, settings.image_size, 1), "detail/luma:image")
    return graph.add("Add", [texture, luma], "detail/texture")


def _matte(graph: _Graph, texture: str, code: str, decoder: Decoder) -> str:
    settings, weights = decoder.settings, decoder.named_weights()
    outline = graph.dense("matte/outline", code, weights)
    distance = _coarse(graph, outline, settings.image_size, settings.matte_stride, 1, "matte/outline")
    raised = graph.add("Add", [distance, graph.constant("matte/half", np.float32(0.5))], "matte:raised")
    matte = graph.add("Clip", [raised, "black", "white"], "matte")
    background = graph.constant("background", np.float32(settings.background))
    head = graph.add("Mul", [matte, graph.add("Sub", [texture, background], "matte:difference")], "matte:head")
    return graph.add("Add", [background, head], "matte:texture")


def _coarse(graph: _Graph, value: str, size: int, stride: int, channels: int, name: str) -> str:
    """A flat plane of (size / stride)^2 values upsampled bilinearly to (N, size, size, channels)."""
    if stride == 1:
        return graph.reshape(value, (-1, size, size, channels), f"{name}:image")
    coarse = graph.reshape(value, (-1, size // stride, size // stride, channels), f"{name}:nhwc")
    coarse = graph.add("Transpose", [coarse], f"{name}:nchw", perm=[0, 3, 1, 2])
    scales = graph.constant(f"{name}:scales", np.array([1, 1, stride, stride], np.float32))
    large = graph.add(
        "Resize", [coarse, "", scales], f"{name}:large", mode="linear", coordinate_transformation_mode="half_pixel"
    )
    return graph.add("Transpose", [large], f"{name}:image", perm=[0, 2, 3, 1])
