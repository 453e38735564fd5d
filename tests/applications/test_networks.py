"""Known networks: their form and predictions as in Keras, trained weights, errors, and their layers."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import pytest

import minikeras
from minikeras import applications
from minikeras.applications import convnext, imagenet_utils, network
from minikeras.applications.convnext import LayerScale, StochasticDepth
from minikeras.applications.inception_resnet_v2 import CustomScaleLayer
from minikeras.autodiff.tensor import Tensor
from minikeras.common.arguments import ArgumentError

if "application_facts" not in sys.modules:
    spec = importlib.util.spec_from_file_location(
        "application_facts", Path(__file__).with_name("facts.py")
    )
    sys.modules["application_facts"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["application_facts"])
facts = sys.modules["application_facts"]

FACTS = json.loads(facts.FILE.read_text())
MODULES = [
    *("convnext", "densenet", "efficientnet", "efficientnet_v2", "imagenet_utils"),
    *("inception_resnet_v2", "inception_v3", "mobilenet", "mobilenet_v2", "mobilenet_v3"),
    *("nasnet", "resnet", "resnet50", "resnet_v2", "vgg16", "vgg19", "xception"),
]

LARGE = ("InceptionResNetV2", "NASNet", "EfficientNetV2S")
"""Networks of hundreds of layers even where images are small."""


@pytest.fixture
def without_draws(monkeypatch):
    """Random weights are zeros, which take neither time nor memory."""
    zeros = lambda self, shape, dtype=None: np.zeros(shape, "float32")  # noqa: E731
    monkeypatch.setattr(
        minikeras.initializers.VarianceScaling,
        "__call__",
        lambda *arguments, **options: Tensor(zeros(*arguments, **options)),  # is not copied
    )
    if "keras" in sys.modules:
        of_keras = importlib.import_module("keras.src.initializers.random_initializers")
        monkeypatch.setattr(of_keras.VarianceScaling, "__call__", zeros)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, and no net."""

    def no_net(*_, **__):
        raise OSError("no net")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(urllib.request, "urlopen", no_net)
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def small(**options):
    options = {"input_shape": (32, 32, 3), "alpha": 0.35, "weights": None, **options}
    return applications.MobileNetV2(**options)


# Networks.


def slow_if_whole(call):
    """Leave whole networks out of the fast tests; small ones run the same code with each option."""
    marks = () if call in facts.PREDICTING and not call.startswith(LARGE) else pytest.mark.slow
    return pytest.param(call, marks=marks, id=call)


@pytest.mark.parametrize("call", [slow_if_whole(call) for call in FACTS])
def test_form_and_predictions_are_keras_s(without_draws, call):
    model = facts.built(minikeras, call)
    expected = dict(FACTS[call])
    sums = expected.pop("predicted", None)
    assert facts.form_of(model) == expected
    if sums is not None:
        found = facts.predicted(model, lambda model, x: model.predict_on_batch(x))
        scale = sums[-1]  # the sum of all absolute values
        np.testing.assert_allclose(facts.shortened(found), sums, rtol=0, atol=1e-5 * scale)


@pytest.mark.skipif("MINIKERAS_APPLICATIONS" not in os.environ, reason="takes an hour")
@pytest.mark.parametrize("name", facts.AS_THEY_COME)
def test_whole_networks_predict_as_keras_s(keras, name):
    """`MINIKERAS_APPLICATIONS=1 pytest tests/applications -k whole`."""
    call = f"{name}(classifier_activation=None)"
    theirs = facts.built(keras, call)
    expected = facts.predicted(theirs, lambda model, x: model(x, training=False))
    weights = theirs.get_weights()
    del theirs
    ours = facts.built(minikeras, call)
    ours.set_weights(weights)
    found = facts.predicted(ours, lambda model, x: model.predict_on_batch(x))
    error = np.abs(np.subtract(found, expected)).max() / np.abs(expected).max()
    print(f"{name}: largest error {error:.1e} of the largest output")
    assert error < 1e-4


def test_all_networks_are_there():
    assert sorted(applications.__all__) == sorted([*MODULES, *facts.AS_THEY_COME])
    assert len(facts.AS_THEY_COME) == 40


def test_names_and_arguments_are_keras_s(keras):
    def compare(theirs, ours):
        for name in dir(theirs):
            value = getattr(theirs, name)
            if inspect.isfunction(value):
                found = inspect.signature(getattr(ours, name))
                assert [(p.name, p.default) for p in found.parameters.values()] == [
                    (p.name, p.default) for p in inspect.signature(value).parameters.values()
                ], name
                assert getattr(ours, name).__doc__

    compare(keras.applications, applications)
    for module in MODULES:
        compare(getattr(keras.applications, module), getattr(applications, module))


def test_importing_loads_nothing():
    code = """
import sys, minikeras
assert "minikeras.applications" not in sys.modules
minikeras.applications
assert not [m for m in sys.modules if m.startswith("minikeras.applications.")]
minikeras.applications.VGG16
assert "minikeras.applications.resnet" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_network_trains():
    model = small(classes=3)
    model.compile("adam", "sparse_categorical_crossentropy")
    x = np.random.default_rng(0).normal(size=(6, 32, 32, 3)).astype("float32")
    losses = model.fit(x, np.array([0, 1, 2] * 2), epochs=8, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]


def test_an_input_tensor_may_come_from_other_layers():
    pixels = minikeras.Input((40, 40, 1), name="pixels")
    x = minikeras.layers.Concatenate()([pixels, pixels, pixels])
    model = small(input_tensor=x, input_shape=None, include_top=False, pooling="avg")
    assert [t.name for t in model.inputs] == ["pixels"]
    assert model.output_shape == (None, 1280)
    plain = small(input_shape=(40, 40, 3), include_top=False, pooling="avg")
    plain.set_weights(model.get_weights())
    images = np.random.default_rng(0).normal(size=(1, 40, 40, 1)).astype("float32")
    np.testing.assert_array_equal(
        model.predict_on_batch(images), plain.predict_on_batch(np.repeat(images, 3, -1))
    )
    assert applications.ConvNeXtTiny(
        False, weights=None, input_tensor=x, pooling="max"
    ).output_shape == (None, 768)


@pytest.mark.parametrize(
    "name, options, message",
    [
        (
            "VGG16",
            {"weights": "imagnet"},
            "`weights` must be None .* the path of a file that exists",
        ),
        ("VGG16", {"weights": "imagenet", "classes": 10}, "`classes` must be 1000 with weights="),
        ("VGG16", {"input_shape": (31, 32, 3)}, "`input_shape` must be one of at least 32x32"),
        ("InceptionV3", {"input_shape": (74, 80, 3)}, "at least 75x75"),
        ("MobileNetV3Small", {"input_shape": (31, 32, 3)}, "at least 32x32"),
        ("VGG16", {"input_shape": (None, None, 3)}, "without None where include_top=True"),
        ("VGG16", {"input_shape": (32, 32)}, "a tuple of three integers"),
        ("VGG16", {"weights": "imagenet", "input_shape": (99, 99, 3)}, "must be \\(224, 224, 3\\)"),
        (
            "ResNet50",
            {"weights": "imagenet", "input_shape": (99, 99, 1), "include_top": False},
            "3 channels with weights='imagenet'",
        ),
        ("VGG16", {"weights": "imagenet", "classifier_activation": "relu"}, "'softmax' or None"),
        ("VGG16", {"pooling": "mean"}, "`pooling` must be one of 'avg', 'max'"),
        ("VGG16", {"classes": 0}, "`classes` must be a positive integer"),
        (
            "VGG16",
            {"input_tensor": np.ones((1, 32, 32, 3))},
            "`input_tensor` must be a KerasTensor",
        ),
        ("VGG16", {"size": 3}, "VGG16\\(\\) got an unexpected keyword argument 'size'"),
        ("MobileNet", {"weights": "imagenet", "alpha": 0.3}, "`alpha` must be one of \\[0.25, 0.5"),
        (
            "MobileNet",
            {"weights": "imagenet", "depth_multiplier": 2},
            "`depth_multiplier` must be 1",
        ),
        ("MobileNetV2", {"weights": "imagenet", "alpha": 0.3}, "`alpha` must be one of \\[0.35"),
        (
            "MobileNetV3Large",
            {"weights": "imagenet", "alpha": 0.75, "minimalistic": True},
            "`alpha` must be one of \\[1.0\\]",
        ),
        (
            "NASNetLarge",
            {"weights": "imagenet", "input_shape": (None, 64, 3), "include_top": False},
            "without None",
        ),
    ],
)
def test_bad_arguments(name, options, message):
    with pytest.raises((ValueError, TypeError), match=message) as caught:
        getattr(applications, name)(**{"weights": None, **options})
    assert name in str(caught.value)


def test_an_input_tensor_of_another_size_is_refused():
    with pytest.raises(ArgumentError, match="`input_shape` must be that of `input_tensor`"):
        small(input_tensor=minikeras.Input((40, 40, 3)))


def test_widths_are_compared_where_channels_come_first():
    minikeras.config.set_image_data_format("channels_first")
    options = {"alpha": 0.35, "include_top": False, "weights": None, "input_shape": (3, 32, 32)}
    model = applications.MobileNetV2(input_tensor=minikeras.Input((3, 32, 32)), **options)
    assert model.input_shape == (None, 3, 32, 32)
    with pytest.raises(ArgumentError, match="`input_shape` must be that of `input_tensor`"):
        applications.MobileNetV2(input_tensor=minikeras.Input((3, 32, 40)), **options)


@pytest.mark.parametrize("name", ["DenseNet121", "ConvNeXtTiny", "NASNetMobile"])
def test_networks_for_channels_that_come_last(name):
    minikeras.config.set_image_data_format("channels_first")
    with pytest.raises(ValueError, match=f"{name} takes images whose channels come last"):
        getattr(applications, name)(weights=None)


def test_strange_channels_are_warned_of():
    with pytest.warns(UserWarning, match="meant for images of 1 or 3 channels, not 4"):
        small(input_shape=(32, 32, 4))


# Trained weights.


def test_trained_weights_are_read_as_by_keras(keras, without_draws, cache):
    """With a file in the form of those that are published; this network's have no known hash."""
    h5py = pytest.importorskip("h5py")
    from keras.src.legacy.saving import legacy_h5_format

    options = {"alpha": 0.25, "include_top": False, "input_shape": (128, 128, 3)}
    theirs = keras.applications.MobileNet(weights=None, **options)
    rng = np.random.default_rng(0)
    theirs.set_weights([rng.random(w.shape, "float32") for w in theirs.weights])
    with h5py.File(cache / "mobilenet_2_5_128_tf_no_top.h5", "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, theirs)
    ours = applications.MobileNet(**options)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.warns(UserWarning, match="not of 150x128. Those for 224x224 are loaded"):
        shutil.copy(
            cache / "mobilenet_2_5_128_tf_no_top.h5", cache / "mobilenet_2_5_224_tf_no_top.h5"
        )
        other = applications.MobileNet(**{**options, "input_shape": (150, 128, 3)})
    assert other.name == "mobilenet_0.25_224"


def test_weights_of_a_file(tmp_path):
    pytest.importorskip("h5py")
    model = small(classes=4)
    model.save_weights(tmp_path / "mine.weights.h5")
    again = small(classes=4, weights=tmp_path / "mine.weights.h5")
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ArgumentError, match="'softmax' or None"):
        small(classes=4, weights=tmp_path / "mine.weights.h5", classifier_activation="tanh")


def published(monkeypatch, call):
    """Return the file that a call with weights="imagenet" asks for."""
    asked = []

    def asked_for(remote, name):
        asked.extend((remote, name))
        raise FileNotFoundError

    monkeypatch.setattr(network, "cached_file", asked_for)
    name, _, arguments = call.removesuffix(")").partition("(")
    with pytest.raises(FileNotFoundError):
        getattr(applications, name)(**eval(f"dict({arguments})"))
    return asked


def test_hashes_are_keras_s(keras):
    """Pairs of hashes, with the top and without, as they stand in Keras's files and in ours."""
    digest = r"[\"']([0-9a-f]{32}(?:[0-9a-f]{32})?)[\"']"
    theirs, ours = set(), set()
    for module in MODULES:
        if module not in ("resnet50", "imagenet_utils"):
            source = inspect.getsource(importlib.import_module(f"keras.src.applications.{module}"))
            pairs = re.findall(f"{digest},\\s*{digest}", source)
            alone = re.findall(f"file_hash={digest}", source)
            if module == "densenet":  # those with the top come first
                pairs += zip(alone[:3], alone[3:])
            else:
                pairs += zip(alone[::2], alone[1::2])
            theirs |= set(pairs)
    for path in Path(applications.__file__).parent.glob("*.py"):
        ours |= set(re.findall(f"{digest},\\s*{digest}", path.read_text()))
    assert len(ours) == 42  # of MobileNet and MobileNetV2 nobody has published any
    assert ours <= theirs
    assert len(theirs) == 44  # ResNeXt is there as well, which Keras does not show


@pytest.mark.parametrize(
    "call, file",
    [
        (
            "VGG16()",
            "tensorflow/keras-applications/vgg16/vgg16_weights_tf_dim_ordering_tf_kernels.h5",
        ),
        (
            "ResNet50V2(include_top=False)",
            "tensorflow/keras-applications/resnet/resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
        ),
        (
            "MobileNetV2(alpha=1.3, input_shape=(96, 96, 3))",
            "tensorflow/keras-applications/mobilenet_v2/"
            "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.3_96.h5",
        ),
        ("EfficientNetB0(name='mine')", "keras-applications/efficientnetb0.h5"),
        (
            "EfficientNetV2B0(include_top=False)",
            "tensorflow/keras-applications/efficientnet_v2/efficientnetv2-b0_notop.h5",
        ),
        ("ConvNeXtTiny()", "tensorflow/keras-applications/convnext/convnext_tiny.h5"),
        (
            "MobileNetV3Small(minimalistic=True, include_top=False)",
            "tensorflow/keras-applications/mobilenet_v3/"
            "weights_mobilenet_v3_small_minimalistic_224_1.0_float_no_top_v2.h5",
        ),
        (
            "NASNetMobile(include_top=False)",
            "tensorflow/keras-applications/nasnet/NASNet-mobile-no-top.h5",
        ),
    ],
)
def test_where_weights_are(without_draws, monkeypatch, call, file):
    (url, digest, folder), name = published(monkeypatch, call)
    assert url == f"https://storage.googleapis.com/{file}"
    assert folder == "models"
    assert (digest is None) == call.startswith("MobileNetV2")
    assert name == ("nasnet_mobile_no_top.h5" if "NASNet" in call else file.rpartition("/")[2])


def test_offline_the_error_names_file_and_folder(cache):
    with pytest.raises(OSError, match="mobilenet_v2_weights.*_0.35_96.h5") as caught:
        small(weights="imagenet", input_shape=(96, 96, 3))
    assert str(cache) in str(caught.value)
    imagenet_utils._class_index.cache_clear()
    with pytest.raises(OSError, match=r"imagenet_class_index\.json") as caught:
        imagenet_utils.decode_predictions(np.zeros((1, 1000)))
    assert str(cache) in str(caught.value)


# Images and names.


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
def test_preprocess_input(keras, mode, data_format):
    theirs = keras.applications.imagenet_utils.preprocess_input
    ours = imagenet_utils.preprocess_input
    rng = np.random.default_rng(0)
    shape = (2, 4, 5, 3) if data_format == "channels_last" else (2, 3, 4, 5)
    arguments = {"mode": mode, "data_format": data_format}
    for dtype in ("uint8", "int64", "float16", "float32", "float64"):
        batch = rng.integers(0, 256, shape).astype(dtype)
        for images in (batch, batch[0]):
            a, b = ours(images.copy(), **arguments), theirs(images.copy(), **arguments)
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)
    batch = batch.astype("float32")
    kept = batch.copy()
    for images in (batch, batch[0]):
        tensor = minikeras.ops.convert_to_tensor(images)
        expected = theirs(keras.ops.convert_to_tensor(images), **arguments)
        np.testing.assert_allclose(ours(tensor, **arguments), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(batch, kept)  # what a tensor was made of
    symbol = minikeras.Input(shape[1:])
    model = minikeras.Model(symbol, ours(symbol, **arguments))
    np.testing.assert_allclose(
        model.predict_on_batch(kept), ours(kept.copy(), **arguments), rtol=1e-5, atol=1e-5
    )


def test_modules_preprocess_as_keras_s(keras):
    images = np.random.default_rng(0).integers(0, 256, (1, 2, 2, 3)).astype("float32")
    for module in MODULES:
        a = getattr(applications, module).preprocess_input(images.copy())
        b = getattr(keras.applications, module).preprocess_input(images.copy())
        np.testing.assert_array_equal(a, b)


def test_float_arrays_are_overwritten():
    images = np.full((1, 2, 2, 3), 255.0)
    assert imagenet_utils.preprocess_input(images, mode="tf") is images
    assert (images == 1).all()


@pytest.mark.parametrize(
    "x, arguments, message",
    [
        (np.ones((2, 2, 3)), {"mode": "keras"}, "`mode` must be one of 'caffe', 'tf', 'torch'"),
        (np.ones((2, 2, 3)), {"data_format": "first"}, "`data_format` must be one of"),
        (np.ones((2, 3)), {}, "one image or a batch of them"),
    ],
)
def test_bad_images(x, arguments, message):
    with pytest.raises(ArgumentError, match=message):
        imagenet_utils.preprocess_input(x, **arguments)


def test_decode_predictions(keras, cache, monkeypatch):
    index = {str(i): [f"n{i:08}", f"thing_{i}"] for i in range(1000)}
    (cache / "imagenet_class_index.json").write_text(json.dumps(index))
    monkeypatch.setattr(
        imagenet_utils, "_CLASS_INDEX", imagenet_utils._CLASS_INDEX._replace(digest=None)
    )
    imagenet_utils._class_index.cache_clear()
    from keras.src.applications import imagenet_utils as theirs

    monkeypatch.setattr(theirs, "CLASS_INDEX", index)
    scores = np.random.default_rng(0).random((3, 1000), "float32")
    for top in (1, 5, 1000):
        found = applications.vgg16.decode_predictions(scores, top=top)
        assert found == theirs.decode_predictions(scores, top=top)
        assert imagenet_utils.decode_predictions(minikeras.ops.array(scores), top) == found
    for bad in (scores[0], scores[:, :999], [[1.0]]):
        with pytest.raises(ArgumentError, match="of shape \\(images, 1000\\)"):
            imagenet_utils.decode_predictions(bad)
    imagenet_utils._class_index.cache_clear()


# Layers of their own.


def test_stochastic_depth():
    x = np.arange(1.0, 4001.0, dtype="float32").reshape(1000, 2, 2)
    layer = StochasticDepth(0.25)
    np.testing.assert_array_equal(layer(x), x)
    minikeras.utils.set_random_seed(0)
    y = np.asarray(layer(x, training=True))
    kept = y.any((1, 2))
    np.testing.assert_allclose(y[kept], x[kept] / 0.75, rtol=1e-6)
    assert abs(kept.mean() - 0.75) < 0.04
    assert not layer.weights
    with pytest.raises(ArgumentError, match="`drop_path_rate` must be a number in"):
        StochasticDepth(1)


def test_own_layers_as_in_keras(keras):
    from keras.src.applications import convnext, inception_resnet_v2

    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
    pairs = [
        (StochasticDepth(0.1), convnext.StochasticDepth(0.1), x),
        (LayerScale(1e-6, 4), convnext.LayerScale(1e-6, 4), x),
        (CustomScaleLayer(0.17), inception_resnet_v2.CustomScaleLayer(0.17), [x, 2 * x]),
    ]
    for ours, theirs, inputs in pairs:
        np.testing.assert_allclose(ours(inputs), theirs(inputs), rtol=1e-6)
        a = minikeras.saving.serialize_keras_object(ours)
        b = keras.saving.serialize_keras_object(theirs)
        for config in (a, b):
            config["config"].pop("name")
            config.pop("build_config", None)
        assert a == b
        back = minikeras.saving.deserialize_keras_object(b)
        assert type(back) is type(ours)
        again = minikeras.saving.serialize_keras_object(back)["config"]
        assert again == {**a["config"], "name": again["name"]}
        by_name = {"class_name": type(ours).__name__, "config": b["config"]}  # as in .h5 files
        assert type(minikeras.saving.deserialize_keras_object(by_name)) is type(ours)


@pytest.mark.parametrize("ending", [".keras", ".weights.h5"])
def test_files_of_convnext_go_to_keras_and_back(keras, without_draws, tmp_path, ending):
    """A small one, with the layers that only this family has."""
    pytest.importorskip("h5py")
    from keras.src.applications import convnext as of_keras

    keras.utils.clear_session()
    options = {"weights": None, "input_shape": (32, 32, 3), "classes": 3, "name": "small"}
    sizes = {"depths": [1, 1, 2, 1], "projection_dims": [4, 8, 12, 16]}
    theirs = of_keras.ConvNeXt(**sizes, drop_path_rate=0.5, **options)
    theirs.set_weights([0.5 + np.asarray(w) for w in theirs.weights])
    row = convnext.Row("Small", (1, 1, 2, 1), (4, 8, 12, 16), ("", ""))
    ours = convnext.convnext(row, **options)
    images = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype("float32")
    expected = theirs(images, training=False)
    paths = tmp_path / f"theirs{ending}", tmp_path / f"ours{ending}"
    if "weights" in ending:
        theirs.save_weights(paths[0])
        ours.load_weights(paths[0])
        ours.save_weights(paths[1])
        theirs.set_weights([0 * np.asarray(w) for w in theirs.weights])
        theirs.load_weights(paths[1])
    else:
        theirs.save(paths[0])
        ours = minikeras.saving.load_model(paths[0])
        rates = [x.drop_path_rate for x in ours.layers if isinstance(x, StochasticDepth)]
        assert rates == [0.125, 0.25, 0.375, 0.5]
        ours.save(paths[1])
        theirs = keras.saving.load_model(paths[1])
    np.testing.assert_allclose(ours.predict_on_batch(images), expected, rtol=1e-4)
    np.testing.assert_allclose(theirs(images, training=False), expected, rtol=1e-4)


def test_layer_scale_trains():
    x = np.array([[1.0, 2.0]])
    layer = LayerScale(0.5, 2)
    with minikeras.GradientTape() as tape:
        loss = minikeras.ops.sum(layer(x) ** 2)
    (gradient,) = tape.gradient(loss, layer.trainable_weights)
    np.testing.assert_allclose(gradient, 2 * 0.5 * x[0] ** 2)
