"""Layers that change images: with Keras's own draws they do what Keras does."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from layer_cases import all_cases, drawn

import minikeras
from minikeras import layers

N, HEIGHT, WIDTH = 3, 8, 6
GEOMETRIC = {"height_factor": (-0.3, 0.4), "width_factor": (0.1, 0.2)}
HIGH = {"value_range": (0, 255)}
LOW = {"value_range": (0, 1)}

CASES: dict[str, list[dict]] = {
    "AutoContrast": [HIGH, LOW],
    "ContrastLimitedAdaptiveHistogramEqualization": [
        {"tile_grid_size": (2, 3), "clip_limit": 2.0, **HIGH},
        {"tile_grid_size": (3, 2), "clip_limit": 0.0, **LOW},
    ],
    "CutMix": [{"factor": 1.0}],
    "Equalization": [HIGH, {"bins": 16, **LOW}],
    "MixUp": [{"alpha": 1.0}],
    "RandAugment": [{"num_ops": 1, "factor": (0.2, 0.6), **HIGH}],
    "RandomBrightness": [{"factor": 0.5, **HIGH}, {"factor": (0.1, 0.3), **LOW}],
    "RandomColorDegeneration": [{"factor": 1.0, **HIGH}, {"factor": (0.2, 0.5), **LOW}],
    "RandomContrast": [{"factor": 0.9, **HIGH}, {"factor": (0.2, 0.8), **LOW}],
    "RandomCrop": [{"height": 4, "width": 3}, {"height": 9, "width": 4}],
    "RandomErasing": [
        {"factor": 1.0, "fill_value": 7.0},
        {"factor": (0.5, 1.0), "scale": (0.2, 0.6), "fill_value": 300},
        {"factor": 1.0, "scale": 0.5, **LOW},
    ],
    "RandomFlip": [{"mode": m} for m in ("horizontal", "vertical", "horizontal_and_vertical")],
    "RandomGaussianBlur": [
        {"factor": 1.0, "sigma": (0.3, 0.9)},
        {"factor": (1.0, 1.0), "kernel_size": (3, 5), **LOW},
    ],
    "RandomGrayscale": [{"factor": 0.5}],
    "RandomHue": [{"factor": 1.0, **HIGH}, {"factor": (0.2, 0.4), **LOW}],
    "RandomInvert": [{"factor": 1.0, **HIGH}, {"factor": (0.5, 1.0), **LOW}],
    "RandomPerspective": [
        {"factor": (0.7, 0.9), "scale": 0.6, "fill_value": 3.0},
        {"factor": (1.0, 1.0), "scale": 0.2, "interpolation": "nearest"},
    ],
    "RandomPosterization": [{"factor": 5, **HIGH}, {"factor": (2, 6), **LOW}],
    "RandomRotation": [
        {"factor": 0.2},
        {"factor": (0.1, 0.4), "fill_mode": "constant", "fill_value": 2.0},
        {"factor": 0.5, "fill_mode": "wrap", "interpolation": "nearest"},
    ],
    "RandomSaturation": [{"factor": (0.2, 0.8), **LOW}, {"factor": (0.5, 0.7), **HIGH}],
    "RandomSharpness": [{"factor": 1.0, **HIGH}, {"factor": (0.2, 0.4), **LOW}],
    "RandomShear": [{"x_factor": 0.4, "y_factor": (0.1, 0.3)}, {"fill_mode": "nearest", "x_factor": 0.5}],
    "RandomTranslation": [GEOMETRIC, {**GEOMETRIC, "fill_mode": "wrap", "interpolation": "nearest"}],
    "RandomZoom": [
        GEOMETRIC,
        {"height_factor": 0.5, "fill_mode": "constant", "fill_value": 4.0, "interpolation": "nearest"},
    ],
    "Solarization": [
        {"addition_factor": 0.5, "threshold_factor": 0.8, **HIGH},
        {"addition_factor": (0.1, 0.2), **LOW},
    ],
}  # fmt: skip
ONLY_IMAGES = {"ContrastLimitedAdaptiveHistogramEqualization"}
BOXES_OTHERWISE = {
    "CutMix": "Keras has none",
    "MixUp": "Keras puts the labels below each other, the boxes beside each other",
    "RandomCrop": "Keras moves x by what y is to be moved by",
    "RandomGrayscale": "Keras fails",
}
CALLS = [pytest.param(n, k, id=f"{n}-{i}") for n, ks in CASES.items() for i, k in enumerate(ks)]


def inputs(high=255, data_format="channels_last", mask_channels=1):
    """Return images with labels, boxes and masks."""
    rng = np.random.default_rng(3)
    images = rng.uniform(0, high, (N, HEIGHT, WIDTH, 3)).astype("float32")
    masks = rng.integers(0, 4, (N, HEIGHT, WIDTH, mask_channels)).astype("float32")
    if data_format == "channels_first":
        images, masks = np.moveaxis(images, -1, 1), np.moveaxis(masks, -1, 1)
    boxes = [
        [[0, 1, 3, 5], [2, 0, 6, 8]],
        [[1, 2, 4, 4], [0, 0, 1, 1]],
        [[4, 4, 6, 7], [1, 1, 5, 6]],
    ]
    return {
        "images": images,
        "labels": np.eye(N, 4, dtype="float32"),
        "bounding_boxes": {
            "boxes": np.array(boxes, "float32"),
            "labels": np.array([[0, 1], [2, 3], [1, 2]], "int32"),
        },
        "segmentation_masks": masks,
    }


def plain(value):
    """Return drawn tensors as arrays."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([plain(v) for v in value])
    return np.asarray(value) if hasattr(value, "shape") else value


def assert_alike(got, wanted, tolerance=1e-4):
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert got.shape == wanted.shape
    assert got.dtype == wanted.dtype
    np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name, kwargs", CALLS)
def test_keras_draws_give_what_keras_gives(keras, name, kwargs):
    kwargs = {**kwargs, "bounding_box_format": "xyxy"}
    data = inputs(
        kwargs.get("value_range", (0, 255))[1], mask_channels=3 if name == "CutMix" else 1
    )
    theirs, ours = getattr(keras.layers, name)(**kwargs), getattr(layers, name)(**kwargs)
    drawn = theirs.get_random_transformation(data if name != "RandomGrayscale" else data["images"])
    own = plain(drawn)
    if name == "RandomCrop":
        own = (int(own[0]), int(own[1]), HEIGHT, WIDTH)
    assert_alike(
        ours.transform_images(data["images"], own),
        theirs.transform_images(keras.ops.convert_to_tensor(data["images"]), drawn),
        # Keras brings the range to [0, 255] in float32 as well
        2e-3 if kwargs.get("value_range") == (0, 255) or name in ONLY_IMAGES else 1e-4,
    )
    if name in ONLY_IMAGES:
        return
    assert_alike(
        ours.transform_labels(data["labels"], own),
        theirs.transform_labels(keras.ops.convert_to_tensor(data["labels"]), drawn),
    )
    if name != "MixUp":  # Keras takes pixels of the flat masks in place of whole masks
        assert_alike(
            ours.transform_segmentation_masks(data["segmentation_masks"], own),
            theirs.transform_segmentation_masks(
                keras.ops.convert_to_tensor(data["segmentation_masks"]), drawn
            ),
        )
    if name not in BOXES_OTHERWISE:
        wanted = {k: keras.ops.convert_to_tensor(v) for k, v in data["bounding_boxes"].items()}
        tensors = {k: minikeras.ops.convert_to_tensor(v) for k, v in data["bounding_boxes"].items()}
        got = ours.transform_bounding_boxes(tensors, own)
        wanted = theirs.transform_bounding_boxes(wanted, drawn)
        assert_alike(got["boxes"], wanted["boxes"], 1e-3)
        assert_alike(got["labels"], wanted["labels"])


def test_no_option_is_left_out():
    """Each argument has another value than its default somewhere, here or in the rows of the registry."""
    missing = []
    for name, case in all_cases().items():
        if case.options or not case.keras:  # those are tested in other files
            continue
        calls = [*CASES.get(name, []), *[call.kwargs for call in drawn(name)]]
        for p in inspect.signature(getattr(layers, name)).parameters.values():
            # `fill_value` and `alpha` are tested below, `data_format` where it is not the base's.
            known = {"data_format", "fill_value", "alpha", "chain_depth", "seed", "name"}
            if p.kind is p.VAR_KEYWORD or p.name in known:
                continue
            if not any(p.name in kwargs and kwargs[p.name] != p.default for kwargs in calls):
                missing.append(f"{name}: {p.name}")
    assert not missing


# Draws.


def several(name, kwargs, n=4000, seed=1, **more):
    """Return what is drawn for many images."""
    layer = getattr(layers, name)(**kwargs, seed=seed)
    return layer.get_random_transformation(np.zeros((n, 4, 4, 3), "float32"), **more)


UNIFORM = {
    "RandomBrightness": ({"factor": 0.5}, "rgb_delta", -127.5, 127.5),
    "RandomContrast": ({"factor": (0.25, 0.5)}, "contrast_factor", 0.75, 1.5),
    "RandomColorDegeneration": ({"factor": (0.25, 0.75)}, "factor", 0.25, 0.75),
    "RandomHue": ({"factor": 0.5}, "factor", -0.25, 0.25),
    "RandomRotation": ({"factor": 0.25}, "angle", -90, 90),
    "RandomSharpness": ({"factor": 0.5}, "factor", 0, 0.5),
    "RandomShear": ({"x_factor": 0.5, "y_factor": 0.5}, "shear_factor", -0.5, 0.5),
    "RandomTranslation": ({"height_factor": 0.5, "width_factor": 0.5}, "translations", -2, 2),
    "RandomZoom": ({"height_factor": (-0.5, 0.25)}, "height_zoom", 0.5, 1.25),
    "Solarization": ({"addition_factor": 1.0, "threshold_factor": 1.0}, "thresholds", 0, 255),
}


@pytest.mark.parametrize("name", UNIFORM)
def test_each_image_draws_uniformly_from_the_range(name):
    kwargs, key, low, high = UNIFORM[name]
    drawn = several(name, kwargs)[key].ravel()
    assert low <= drawn.min() and drawn.max() <= high
    assert len(np.unique(drawn)) > 0.9 * drawn.size
    width = high - low
    assert abs(drawn.mean() - (low + high) / 2) < 0.03 * width
    assert abs(drawn.std() - width / 12**0.5) < 0.03 * width
    again = several(name, kwargs)[key].ravel()
    np.testing.assert_array_equal(drawn, again)  # the same seed, the same draws
    assert (several(name, kwargs, seed=2)[key].ravel() != drawn).any()


@pytest.mark.parametrize(
    "name, kwargs, key, share",
    [
        ("RandomFlip", {}, "flips", 0.5),
        ("RandomInvert", {"factor": 1.0}, "apply_inversion", 0.5),
        ("RandomInvert", {"factor": (0.9, 0.9)}, "apply_inversion", 0.9),
        ("RandomErasing", {"factor": (0.2, 0.4)}, "apply_erasing", 0.3),
        ("RandomGaussianBlur", {"factor": 0.5}, "should_apply_blur", 0.25),
        ("RandomPerspective", {"factor": (1.0, 1.0)}, "apply_perspective", 1.0),
        ("RandomElasticTransform", {"factor": (0.1, 0.1)}, "apply_transform", 0.1),
    ],
)
def test_as_many_images_change_as_the_chance_says(name, kwargs, key, share):
    assert abs(several(name, kwargs)[key].mean() - share) < 0.03


def test_gray_images_bits_and_weights():
    gray = layers.RandomGrayscale(0.3, seed=1)
    assert abs(gray.get_random_transformation(np.zeros((4000, 1, 1, 3))).mean() - 0.3) < 0.03
    bits = 8 - several("RandomPosterization", {"factor": (2, 5)})["shift_factor"].astype(int)
    np.testing.assert_allclose(
        np.bincount(bits, minlength=6), [0, 0, 1333, 1333, 1333, 0], atol=150
    )
    mixed = several("MixUp", {"alpha": 0.5})
    assert sorted(mixed["permutation_order"]) == list(range(4000))
    weight = mixed["mix_weight"]
    assert abs(weight.mean() - 0.5) < 0.03 and abs(weight.var() - 1 / 8) < 0.01
    cut = several("CutMix", {"factor": (1.0, 1.0)})  # shares of a uniform distribution
    assert abs(cut["mix_weight"].mean() - 0.5) < 0.03
    large = layers.CutMix((1.0, 1.0), seed=1).get_random_transformation(np.zeros((50, 64, 64, 3)))
    inside = large["batch_masks"].mean(axis=(1, 2, 3))
    np.testing.assert_allclose(1 - inside, large["mix_weight"].ravel(), atol=0.05)


def test_erased_rectangles_have_the_size_that_scale_says():
    drawn = layers.RandomErasing((1.0, 1.0), scale=(0.25, 0.25), seed=1).get_random_transformation(
        np.zeros((500, 32, 32, 3), "float32")
    )
    assert abs(drawn["batch_masks"].mean() - 0.25) < 0.01
    assert drawn["batch_masks"].mean(axis=0)[2:-2, 2:-2].min() > 0.01  # anywhere
    noise = drawn["fill_value"]
    assert abs(noise.std() - 255) < 3 and abs(noise.mean()) < 3


def test_random_crops_begin_anywhere():
    layer = layers.RandomCrop(2, 3, seed=1)
    images = np.zeros((1, 4, 6, 1), "float32")
    begins = {layer.get_random_transformation(images)[:2] for _ in range(200)}
    assert begins == {(top, left) for top in range(3) for left in range(4)}


def test_rand_augment_applies_each_layer_as_often_as_the_others():
    layer = layers.RandAugment(num_ops=3, seed=1)
    images = np.zeros((1, 4, 4, 3), "float32")
    chosen = [layer.get_random_transformation(images)["layer_idxes"] for _ in range(400)]
    np.testing.assert_allclose(
        np.bincount(np.ravel(chosen), minlength=11) / 1200, 1 / 11, atol=0.03
    )


def test_aug_mix_is_a_mixture_of_its_chains():
    layer = layers.AugMix((0, 255), num_chains=2, chain_depth=2, factor=0.5, seed=1)
    images = inputs()["images"]
    drawn = layer.get_random_transformation(images)
    chains = drawn["chain_transforms"]
    assert len(chains) == 2 and all(len(chain) <= 2 for chain in chains)
    mixed = 0
    for weight, chain in zip(drawn["chain_mixing_weights"], chains):
        x = minikeras.ops.convert_to_tensor(images)
        for step in chain:
            x = getattr(layer, step["layer_name"]).transform_images(x, step["transformation"])
        mixed = mixed + weight * np.asarray(x)
    kept = drawn["weight_sample"]
    wanted = np.clip(kept * images + (1 - kept) * mixed, 0, 255)
    assert_alike(layer.transform_images(images, drawn), wanted)
    assert abs(sum(drawn["chain_mixing_weights"]) - 1) < 1e-6
    names = {
        step["layer_name"]
        for _ in range(100)
        for chain in layer.get_random_transformation(images)["chain_transforms"]
        for step in chain
    }
    assert names == set(layer._augment_layers)


# What Keras does not do, or does otherwise.


def test_boxes_are_cropped_and_mixed_like_images():
    boxes = {
        "boxes": np.array([[[1.0, 2.0, 4.0, 6.0], [0.0, 0.0, 1.0, 1.0]]]),
        "labels": np.array([[3, 4]]),
    }
    data = {"images": np.zeros((1, 8, 8, 1)), "bounding_boxes": boxes}
    layer = layers.RandomCrop(4, 5, bounding_box_format="xyxy")
    got = layer.transform_bounding_boxes(boxes, (3, 2, 8, 8))
    np.testing.assert_allclose(got["boxes"][0, 0], [0, 0, 2, 3])
    assert got["labels"].tolist() == [[3, -1]]
    assert layer(data)["images"].shape == (1, 4, 5, 1)
    relative = layers.RandomCrop(4, 4, bounding_box_format="rel_xywh")
    whole = {"boxes": np.array([[[0.25, 0.5, 0.5, 0.25]]]), "labels": np.array([[1]])}
    got = relative.transform_bounding_boxes(whole, (4, 2, 8, 8))["boxes"]
    np.testing.assert_allclose(got[0, 0], [0, 0, 1, 0.5])
    two = {k: np.concatenate([v, v + 1]) for k, v in boxes.items()}
    drawn = {"mix_weight": np.array([0.5, 0.5]), "permutation_order": np.array([1, 0])}
    got = layers.MixUp(bounding_box_format="xyxy").transform_bounding_boxes(two, drawn)
    assert got["boxes"].shape == (2, 4, 4)
    assert got["labels"].tolist() == [[3, 4, 4, 5], [4, 5, 3, 4]]


def test_masks_are_mixed_as_a_whole():
    drawn = {"mix_weight": np.array([0.25, 1.0], "float32"), "permutation_order": np.array([1, 0])}
    masks = np.array([4.0, 8.0], "float32").reshape(2, 1, 1, 1) * np.ones((2, 3, 3, 1), "float32")
    got = layers.MixUp().transform_segmentation_masks(masks, drawn)
    np.testing.assert_allclose(got[:, 0, 0, 0], [7, 8])


def test_boxes_of_any_format_are_rotated_and_projected():
    data = inputs()
    for name, kwargs in (
        ("RandomRotation", {"factor": 0.1}),
        ("RandomPerspective", {"scale": 0.3}),
    ):
        pixels = getattr(layers, name)(**kwargs, bounding_box_format="xyxy", seed=1)
        others = getattr(layers, name)(**kwargs, bounding_box_format="rel_yxyx", seed=1)
        size = {"height": HEIGHT, "width": WIDTH}
        convert = minikeras.utils.bounding_boxes.convert_format
        relative = convert(data["bounding_boxes"], "xyxy", "rel_yxyx", **size)
        wanted = pixels(data)["bounding_boxes"]
        got = others({**data, "bounding_boxes": relative})["bounding_boxes"]
        got = convert(got, "rel_yxyx", "xyxy", **size)
        np.testing.assert_allclose(got["boxes"], wanted["boxes"], atol=1e-3)
        assert got["labels"].tolist() == wanted["labels"].tolist()


def test_erasing_paints_a_color():
    erase = layers.RandomErasing((1.0, 1.0), scale=(1.0, 1.0), fill_value=(1.0, 2.0, 300.0))
    assert erase(np.zeros((2, 2, 2, 3)))[1, 1, 1].tolist() == [1, 2, 255]
    first = layers.RandomErasing(
        (1.0, 1.0), scale=(1.0, 1.0), fill_value=(1.0, 2.0, 3.0), data_format="channels_first"
    )
    assert first(np.zeros((2, 3, 2, 2)))[1, :, 1, 1].tolist() == [1, 2, 3]


# Use.


ALL = [
    *(n for n in CASES if n != "RandomCrop"),
    *("AugMix", "RandomColorJitter", "RandomElasticTransform"),
]


def made(name, **kwargs):
    """Return a layer with the first arguments of its cases."""
    more = {"RandomColorJitter": {"hue_factor": 0.3, "brightness_factor": 0.2}}
    arguments = {**CASES.get(name, [more.get(name, {})])[0], **kwargs}
    if "seed" not in minikeras.common.configurable.parameters_of(getattr(layers, name)):
        arguments.pop("seed", None)
    return getattr(layers, name)(**arguments)


@pytest.mark.parametrize("name", ALL)
def test_without_training_images_stay_and_with_a_seed_they_repeat(name):
    images = inputs()["images"]
    layer, twin = made(name, seed=5), made(name, seed=5)
    kept = np.asarray(layer(images, training=False))
    if name not in ("AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization"):
        np.testing.assert_array_equal(kept, images)
    first = np.asarray(layer(images))
    np.testing.assert_array_equal(first, twin(images, training=True))
    assert first.shape == images.shape and np.isfinite(first).all()
    single = np.asarray(made(name, seed=5)(images[0]))
    assert single.shape == images[0].shape
    revived = minikeras.layers.deserialize(minikeras.layers.serialize(made(name, seed=5)))
    np.testing.assert_array_equal(revived(images), first)


@pytest.mark.parametrize(
    "name",
    ["RandomBrightness", "RandomContrast", "RandomFlip", "RandomGrayscale", "RandomPosterization"],
)
def test_bytes_give_the_dtype_that_keras_gives(keras, name):
    images = np.full((N, HEIGHT, WIDTH, 3), 100, "uint8")
    wanted = getattr(keras.layers, name)(**CASES[name][0])(images)
    got = made(name)(images)
    assert str(got.dtype) == str(wanted.dtype)


def test_bytes_are_clipped_not_wrapped():
    images = np.array([[[250, 3, 100]]], "uint8")
    assert layers.RandomBrightness((0.1, 0.1))(images).tolist() == [[[255, 28, 125]]]
    assert layers.RandomBrightness((-0.1, -0.1))(images).tolist() == [[[224, 0, 74]]]


def test_pipelines_map_data_sets():
    data = inputs()
    prepare = layers.Pipeline(
        [
            layers.RandomFlip("horizontal", bounding_box_format="xyxy", seed=1),
            layers.RandomTranslation(0.2, 0.2, bounding_box_format="xyxy", seed=2),
            layers.RandomBrightness(0.2, bounding_box_format="xyxy", seed=3),
            layers.MaxNumBoundingBoxes(3, bounding_box_format="xyxy"),
        ]
    )
    revived = layers.Pipeline.from_config(prepare.get_config())
    wanted, got = prepare(data), revived(data)
    np.testing.assert_array_equal(got["images"], wanted["images"])
    np.testing.assert_array_equal(got["bounding_boxes"]["boxes"], wanted["bounding_boxes"]["boxes"])
    ds = minikeras.data.Dataset.from_tensor_slices(data).repeat(4).batch(3)
    found = list(ds.map(prepare, num_parallel_calls=2))
    assert len(found) == 4
    for batch in found:
        assert batch["images"].shape == (3, HEIGHT, WIDTH, 3)
        assert batch["bounding_boxes"]["boxes"].shape == (3, 3, 4)
        assert batch["bounding_boxes"]["labels"].shape == (3, 3)
        assert (np.asarray(batch["bounding_boxes"]["labels"])[:, 2] == -1).all()
    assert (np.asarray(found[0]["images"]) != np.asarray(found[1]["images"])).any()


def test_models_begin_with_them(tmp_path):
    model = minikeras.Sequential(
        [
            minikeras.Input((8, 8, 3)),
            layers.RandomFlip(seed=1),
            layers.RandomRotation(0.1, seed=2),
            layers.RandomContrast(0.2, value_range=(0, 1), seed=3),
            layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(1),
        ]
    )
    model.compile(optimizer="adam", loss="mse")
    x = np.random.default_rng(0).uniform(size=(16, 8, 8, 3)).astype("float32")
    history = model.fit(x, x.mean(axis=(1, 2, 3)), epochs=8, batch_size=8, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    wanted = model.predict(x, verbose=0)
    np.testing.assert_array_equal(wanted, model.predict(x, verbose=0))
    path = tmp_path / "model.keras"
    pytest.importorskip("h5py")
    model.save(path)
    read = minikeras.saving.load_model(path)
    np.testing.assert_array_equal(read.predict(x, verbose=0), wanted)
    # The streams of random numbers go on where they were.
    np.testing.assert_array_equal(read(x, training=True), model(x, training=True))


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: layers.RandomBrightness(1.5), r"factor.*\[-1, 1\]"),
        (lambda: layers.RandomZoom(-1.0), r"height_factor.*\(-1, 1\]"),
        (lambda: layers.RandomRotation(0.1, fill_mode="none"), "fill_mode"),
        (lambda: layers.RandomFlip("diagonal"), "mode"),
        (lambda: layers.RandomHue(0.1, value_range=(1, 1)), "value_range"),
        (lambda: layers.RandomCrop(0, 3), "height"),
        (lambda: layers.RandomGaussianBlur(kernel_size=4), "kernel_size.*odd"),
        (lambda: layers.RandomFlip(bounding_box_format="abc"), "bounding_box_format.*xyxy"),
        (lambda: layers.RandomFlip()(inputs()), "bounding_box_format"),
        (lambda: layers.RandomFlip()(np.zeros((2, 3))), "3 axes"),
        (lambda: layers.RandomHue(0.1)(np.zeros((2, 4, 4, 1))), "3 channels"),
    ],
)
def test_errors_say_what_is_wrong(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("name", ["AugMix", "RandAugment"])
def test_a_strength_that_not_all_layers_take_is_refused_by_its_name(name):
    with pytest.raises(ValueError, match=rf"^{name}: argument `factor` .*\[0, 1\].*\(-0.5, 0.5\)"):
        getattr(layers, name)(factor=(-0.5, 0.5))
