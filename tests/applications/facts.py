"""Facts about networks, found once with Keras: `facts.json`, which the tests hold ours against.

    KERAS_BACKEND=jax python tests/applications/facts.py

writes the file anew. Every public network is there as it comes, and small ones with each option;
of the small ones the file has what they predict, with weights and images that both sides draw.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_suffix(".json")

AS_THEY_COME = [
    *[f"ConvNeXt{size}" for size in ("Tiny", "Small", "Base", "Large", "XLarge")],
    *[f"DenseNet{depth}" for depth in (121, 169, 201)],
    *[f"EfficientNetB{i}" for i in range(8)],
    *[f"EfficientNetV2{size}" for size in ("B0", "B1", "B2", "B3", "S", "M", "L")],
    *("InceptionResNetV2", "InceptionV3", "MobileNet", "MobileNetV2"),
    *("MobileNetV3Large", "MobileNetV3Small", "NASNetLarge", "NASNetMobile"),
    *[f"ResNet{depth}{v}" for depth in (50, 101, 152) for v in ("", "V2")],
    *("VGG16", "VGG19", "Xception"),
]

_TINY = "input_shape=(32, 32, 3), classes=5"
PREDICTING = [
    f"ConvNeXtTiny({_TINY})",
    f"DenseNet121({_TINY})",
    f"EfficientNetB0({_TINY})",
    f"EfficientNetV2B0({_TINY})",
    "InceptionResNetV2(input_shape=(75, 75, 3), classes=5)",
    "InceptionV3(input_shape=(75, 75, 3), classes=5)",
    f"MobileNet({_TINY}, alpha=0.25)",
    f"MobileNetV2({_TINY}, alpha=0.35)",
    f"MobileNetV3Large({_TINY}, alpha=0.75)",
    f"MobileNetV3Small({_TINY}, alpha=0.75)",
    f"NASNetMobile({_TINY})",
    f"ResNet50({_TINY})",
    f"ResNet50V2({_TINY})",
    "VGG16(input_shape=(32, 32, 3), include_top=False, pooling='avg')",
    "Xception(input_shape=(71, 71, 3), classes=5)",
    # Options.
    "ConvNeXtTiny(include_top=False, include_preprocessing=False, input_shape=(64, 33, 3))",
    "EfficientNetV2B0(include_top=False, pooling='max', input_shape=(47, 32, 3))",
    "EfficientNetV2B0(include_preprocessing=False, input_shape=(32, 32, 3), classes=3)",
    "EfficientNetV2S(input_shape=(32, 32, 1), classes=2)",
    f"MobileNet({_TINY}, alpha=0.5, depth_multiplier=2, dropout=0.1, classifier_activation=None)",
    "MobileNet(input_shape=(33, 50, 3), alpha=0.25, include_top=False)",
    "MobileNetV2(input_shape=(33, 50, 3), alpha=0.35, include_top=False, pooling='max')",
    f"MobileNetV2({_TINY}, alpha=1.4, classifier_activation='sigmoid', name='mine')",
    f"MobileNetV3Small({_TINY}, minimalistic=True, dropout_rate=0, include_preprocessing=False)",
    f"MobileNetV3Small({_TINY}, alpha=1.5, name='mine')",
    "MobileNetV3Large(alpha=0.75, include_top=False, pooling='avg', input_shape=(32, 49, 3))",
]
FORMED = [  # options of which the form of the network tells all
    "DenseNet121(include_top=False, pooling='max')",
    "EfficientNetB0(include_top=False, pooling='avg')",
    "InceptionV3(include_top=False, pooling='avg')",
    "NASNetLarge(include_top=False, input_shape=(64, 64, 3))",
    "NASNetMobile(include_top=False, pooling='max')",
    "MobileNetV3Small()",
    "MobileNetV2(include_top=False)",
    "ResNet50(include_top=False, pooling='max')",
    "VGG19(include_top=False, pooling='max', input_shape=(None, None, 3))",
    "channels_first MobileNet(alpha=0.25)",
    "channels_first MobileNetV2(alpha=0.35)",
    "channels_first MobileNetV3Small()",
    "channels_first EfficientNetB0()",
    "channels_first InceptionV3()",
    "channels_first ResNet50V2(input_shape=(3, 64, 64))",
    "channels_first VGG16(include_top=False)",
]


def built(k: Any, call: str) -> Any:
    """Return the model that a call makes, with weights None.

    Args:
        k: Keras or minikeras.
        call: such as "VGG16(classes=5)", with a data format before it if it is not the usual one.
    """
    k.utils.clear_session()
    data_format, _, call = call.partition(" ") if call.startswith("channels") else ("", "", call)
    name, _, arguments = call.removesuffix(")").partition("(")
    k.config.set_image_data_format(data_format or "channels_last")
    try:
        return getattr(k.applications, name)(weights=None, **eval(f"dict({arguments})"))
    finally:
        k.config.set_image_data_format("channels_last")


def form_of(model: Any) -> dict[str, Any]:
    """Return what can be said of a network in numbers, and hashes of its weights and layers."""
    weights = [(w.path, tuple(w.shape)) for w in model.weights]
    return {
        "name": model.name,
        "output": list(model.output_shape),
        "parameters": model.count_params(),
        "weights": _hash(weights),
        "layers": _hash(_plain(json.loads(model.to_json())["config"]["layers"])),
        "count": [len(weights), len(model.layers)],
    }


def _plain(value: Any) -> Any:
    """Return a config without what says nothing about the network, or is written in two ways."""
    if isinstance(value, dict):
        left_out = ("build_config", "compile_config", "kwargs")
        return {k: _plain(v) for k, v in sorted(value.items()) if k not in left_out}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


def predicted(model: Any, run: Any) -> list[float]:
    """Return sums of what a network predicts for two images, once its weights are drawn.

    Args:
        model: the network.
        run: function of model and images that returns an array.
    """
    rng = np.random.RandomState(0)  # whose streams never change
    values = []
    for w in model.weights:
        name, shape = w.path.rpartition("/")[2], tuple(w.shape)
        drawn = 2 * rng.random_sample(shape) - 1
        if len(shape) > 1:
            inputs = np.prod(shape[:2] if "depthwise" in name else shape[:-1])
            drawn *= np.sqrt(4 / inputs)
        elif "variance" in name:
            drawn = 1 + 0.5 * drawn
        elif name in ("gamma", "variable"):
            drawn = 1 + 0.2 * drawn
        else:
            drawn *= 0.1
        values.append(np.asarray(drawn, w.dtype) if name != "count" else np.zeros(shape, w.dtype))
    model.set_weights(values)
    scales = any(type(x).__name__ in ("Rescaling", "Normalization") for x in model.layers)
    sizes = [size or 224 for size in model.input_shape[1:]]
    images = rng.random_sample((2, *sizes)).astype("float32")
    images = 255 * images if scales else 2 * images - 1
    return np.asarray(run(model, images)).reshape(-1)[:400].astype(float).tolist()


def shortened(values: list[float]) -> list[float]:
    """Return a few sums of numbers, which each of them would change."""
    array = np.asarray(values)
    weighed = [array * np.cos(i * np.arange(array.size)) for i in range(5)]
    return [float(f"{w.sum():.8g}") for w in weighed] + [float(f"{np.abs(array).sum():.8g}")]


def main() -> None:
    import keras
    from keras.src.initializers.random_initializers import VarianceScaling

    # Drawing would take minutes.
    VarianceScaling.__call__ = lambda self, shape, dtype=None: np.zeros(shape, "float32")
    found = {}
    for call in [*AS_THEY_COME, *FORMED]:
        found[call] = form_of(built(keras, call))
    for call in PREDICTING:
        model = built(keras, call)
        found[call] = form_of(model)
        values = predicted(model, lambda model, x: model(x, training=False))
        found[call]["predicted"] = shortened(values)
    lines = [f"{json.dumps(call)}: {json.dumps(facts)}" for call, facts in sorted(found.items())]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
