"""`keras.preprocessing.image` of Keras 2.

Expected numbers are those of keras_preprocessing 1.1.2 for geometry, and of Keras 2.15 for the rest; both
were compared bit by bit when this was written. Here they are sums with a weight for each place.
"""

import os
import pickle
import warnings

import numpy as np
import pytest

pytest.importorskip("PIL")

import minikeras
from minikeras.compat.keras2.preprocessing import image_data_generator, iterators, transforms
from minikeras.compat.keras2.preprocessing.image_data_generator import ImageDataGenerator
from minikeras.compat.spelling import OldSpelling

pytestmark = pytest.mark.filterwarnings("ignore::minikeras.compat.spelling.OldSpelling")

rng = np.random.RandomState(7)
X = rng.uniform(0, 255, (11, 6, 6, 3)).astype("float32")
WIDE = rng.uniform(0, 255, (7, 6, 9, 3)).astype("float32")
FIRST = np.moveaxis(X, -1, 1).copy()


def weighted(x):
    """Return one number that tells where each value is."""
    x = np.asarray(x, "float64").ravel()
    return (x * np.cos(np.arange(x.size))).sum()


def all_as(actual, expected):
    np.testing.assert_allclose([weighted(x) for x in actual], expected, rtol=2e-5)


EVERYTHING = {
    "rotation_range": 30,
    "width_shift_range": 0.2,
    "height_shift_range": 0.3,
    "shear_range": 20,
    "zoom_range": 0.3,
    "channel_shift_range": 50,
    "horizontal_flip": True,
    "vertical_flip": True,
    "rescale": 1 / 255,
    "preprocessing_function": lambda x: x - 3,
}
FEATURES = {"featurewise_center": True, "featurewise_std_normalization": True}
FLIPS = {"horizontal_flip": True, "vertical_flip": True, "rescale": 1 / 255}
CHANNELS_FIRST = {
    "data_format": "channels_first",
    "rotation_range": 20,
    "horizontal_flip": True,
    "featurewise_center": True,
}

CASES = {
    "plain": (X, {}, None, [1120.375, 2069.958, 281.2376]),
    "flips": (X, FLIPS, None, [2.947318, 2.474455, 2.005446]),
    "rotate": (X, {"rotation_range": 30}, None, [-432.3958, -226.4701, 706.9318]),
    "rotate wide": (WIDE, {"rotation_range": 30}, None, [-552.7104, 919.1627, -171.6686]),
    "shift": (
        X,
        {"width_shift_range": 0.2, "height_shift_range": 0.3},
        None,
        [298.2633, 630.9834, -616.6035],
    ),
    "shift by whole pixels": (
        X,
        {"width_shift_range": 3, "height_shift_range": 2},
        None,
        [1499.061, -454.1248, -625.7638],
    ),
    "shift by one of these": (
        X,
        {"width_shift_range": [-2, 1], "height_shift_range": [0.1, 0.4]},
        None,
        [-597.7856, -2225.019, -259.2382],
    ),
    "shift by pixels": (
        X,
        {"width_shift_range": 2.5, "fill_mode": "constant", "cval": 7.0},
        None,
        [532.3174, 1079.942, 256.7327],
    ),
    "shear": (
        X,
        {"shear_range": 20, "fill_mode": "reflect"},
        None,
        [355.6703, 1190.744, 571.8002],
    ),
    "zoom": (X, {"zoom_range": 0.3, "fill_mode": "wrap"}, None, [1322.072, 29.27084, -975.9758]),
    "zoom smoothly": (
        X,
        {"zoom_range": [0.5, 2], "interpolation_order": 3},
        None,
        [1453.509, -150.1275, 860.9189],
    ),
    "channels": (X, {"channel_shift_range": 50}, None, [1121.925, 2039.743, 313.2988]),
    "brightness": (X, {"brightness_range": (0.3, 1.8)}, None, [1130.417, 1912.864, -50.08943]),
    "brightness of any values": (
        (X - 100) * 3,
        {"brightness_range": [0.3, 1.8]},
        None,
        [3563.923, 5875.991, -333.819],
    ),
    "everything": (X, EVERYTHING, None, [1.335558, -6.129827, 1.129756]),
    "samplewise": (
        X,
        {"samplewise_center": True, "samplewise_std_normalization": True},
        None,
        [15.79061, 29.60695, 1.582912],
    ),
    "featurewise": (X, {**FEATURES, "rescale": 1 / 255}, {}, [15.67425, 28.15703, 2.718115]),
    "featurewise, augmented": (
        X,
        {**FEATURES, "horizontal_flip": True},
        {"augment": True, "rounds": 2, "seed": 5},
        [-3.351592, 28.15713, 6.282029],
    ),
    "channels first": (FIRST, CHANNELS_FIRST, {}, [-430.3751, 977.2447, 752.6633]),
}


@pytest.mark.parametrize("name", CASES)
def test_batches_are_keras_s(name):
    x, arguments, fit, expected = CASES[name]
    generator = ImageDataGenerator(**arguments)
    if fit is not None:
        generator.fit(x, **fit)
    batches = generator.flow(x, np.arange(len(x)), batch_size=4, seed=3)
    three = [next(batches) for _ in range(3)]
    all_as([x for x, y in three], expected)
    assert three[0][0].dtype == np.float32
    if len(x) == 11:
        assert [y.tolist() for _, y in three] == [[5, 4, 1, 2], [9, 6, 7, 0], [3, 8, 10]]


def test_the_draws_are_keras_s():
    drawn = ImageDataGenerator(**EVERYTHING).get_random_transform((6, 6, 3), seed=1)
    assert drawn == {
        "theta": -4.978679717845559,
        "tx": 0.7931681763917693,
        "ty": -1.1997255004383724,
        "shear": -7.906697094726409,
        "zx": 0.7880535344902678,
        "zy": 0.7554031568612787,
        "flip_horizontal": True,
        "flip_vertical": True,
        "channel_shift_intensity": -10.323252576933008,
        "brightness": None,
    }


def test_height_shifts_go_down_and_width_shifts_sideways():
    x = np.arange(12.0).reshape(3, 4, 1)
    down = ImageDataGenerator().apply_transform(x, {"tx": 1})
    np.testing.assert_array_equal(down[..., 0], x[[1, 2, 2], :, 0])
    sideways = ImageDataGenerator().apply_transform(x, {"ty": -1})
    np.testing.assert_array_equal(sideways[..., 0], x[:, [0, 0, 1, 2], 0])
    drawn = ImageDataGenerator(height_shift_range=[1]).get_random_transform((3, 4, 1))
    assert abs(drawn["tx"]) == 1 and drawn["ty"] == 0


def test_functions():
    np.random.seed(0)
    axes = {"row_axis": 0, "col_axis": 1, "channel_axis": 2}
    x = X[0]
    found = [
        transforms.random_rotation(x, 30, **axes),
        transforms.random_shift(x, 0.2, 0.3, **axes),
        transforms.random_shear(x, 20, **axes),
        transforms.random_zoom(x, (0.5, 1.5), **axes),
        transforms.random_channel_shift(x, 40, channel_axis=2),
        transforms.random_brightness(x, (0.5, 1.5)),
        transforms.apply_brightness_shift(x, 0.5),
        transforms.apply_affine_transform(x, 10, 1, 2, 5, 0.8, 1.2, 0, 1, 2, "constant", 3.0, 1),
    ]
    all_as(
        found,
        [-634.0805, -214.4392, -868.478, -482.7661, -870.6112, -903.2167, -445.6853, -227.0456],
    )
    shifted = transforms.apply_channel_shift(x, 300)
    assert np.all(shifted == x.max())


def test_matrices_of_ones_own():
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
    matrix = transforms.transform_matrix_offset_center(turn, 6, 6)
    np.testing.assert_allclose(
        transforms.apply_transform(X[0], matrix, 2),
        transforms.apply_affine_transform(X[0], theta=90),
        rtol=1e-4,
    )


def test_the_original_is_left_alone():
    before = X.copy()
    generator = ImageDataGenerator(**EVERYTHING)
    next(generator.flow(X, batch_size=11))
    generator.random_transform(X[0])
    ImageDataGenerator(**FEATURES).fit(X)
    np.testing.assert_array_equal(X, before)


def test_standardize_works_in_place():
    x = np.full((2, 2, 1), 51.0)
    assert ImageDataGenerator(rescale=1 / 255).standardize(x) is x
    np.testing.assert_allclose(x, 0.2)
    whole = ImageDataGenerator(rescale=0.5).standardize(np.full((2, 2, 1), 3))
    assert whole.dtype == np.float32 and whole[0, 0, 0] == 1.5


def test_a_flat_image_is_not_divided_by_zero():
    options = {"samplewise_center": True, "samplewise_std_normalization": True}
    x = ImageDataGenerator(**options).standardize(np.array([[[1e-6], [-1e-6]]]))
    np.testing.assert_allclose(x, [[[0.5], [-0.5]]])


def test_whitened_pixels_are_uncorrelated():
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(500, 12)) @ rng.normal(size=(12, 12))).reshape(500, 2, 2, 3)
    with pytest.warns(UserWarning, match="`zca_whitening` implies `featurewise_center`"):
        generator = ImageDataGenerator(zca_whitening=True)
    generator.fit(x)
    white = np.array([generator.standardize(v.astype("float32")) for v in x]).reshape(500, -1)
    np.testing.assert_allclose(white.T @ white / 500, np.eye(12), atol=1e-3)
    # Of all that do this, it stays nearest to the images.
    np.testing.assert_allclose(
        generator.zca_whitening_matrix, generator.zca_whitening_matrix.T, atol=1e-5
    )
    assert generator.principal_components is generator.zca_whitening_matrix


def test_what_needs_fit_says_so():
    for option in ("featurewise_center", "featurewise_std_normalization", "zca_whitening"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            generator = ImageDataGenerator(**{option: True})
        with pytest.warns(UserWarning) as warned:
            generator.standardize(X[0].copy())
        assert f"`{option}` does nothing before `fit" in str(warned[-1].message)


def test_subsets():
    y = np.array([0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1])
    generator = ImageDataGenerator(validation_split=0.3)
    training = generator.flow(X, y, 4, subset="training", seed=3)
    validation = generator.flow(X, y, 4, shuffle=False, subset="validation")
    assert (training.n, validation.n) == (8, 3)
    assert next(training)[1].tolist() == [1, 1, 0, 0]
    x, part = next(validation)
    np.testing.assert_array_equal(x, X[:3])
    assert part.tolist() == [0, 1, 0]
    with pytest.raises(ValueError, match="do not have the same classes"):
        generator.flow(X, np.arange(11), subset="training")
    assert generator.flow(X, np.arange(11), subset="training", ignore_class_split=True).n == 8
    with pytest.raises(ValueError, match="`subset` must be 'training' or 'validation'"):
        generator.flow(X, y, subset="test")


def test_what_comes_along():
    generator = ImageDataGenerator()
    batches = generator.flow((X, [np.arange(11), X[:, 0]]), np.arange(11), 4, shuffle=False)
    (x, a, b), y = batches[1]
    np.testing.assert_array_equal(x, X[4:8])
    np.testing.assert_array_equal(b, X[4:8, 0])
    assert a.tolist() == y.tolist() == [4, 5, 6, 7]
    x, y, weight = generator.flow(X, np.arange(11), 4, False, np.arange(11) / 2)[2]
    assert y.tolist() == [8, 9, 10] and weight.tolist() == [4, 4.5, 5]
    assert generator.flow(X, batch_size=4)[0].shape == (4, 6, 6, 3)


def test_an_iterator_goes_round_and_can_be_asked_by_index():
    batches = ImageDataGenerator().flow(X, np.arange(11), 4, shuffle=False)
    assert len(batches) == 3
    assert [len(next(batches)[1]) for _ in range(6)] == [4, 4, 3, 4, 4, 3]
    next(batches)
    batches.reset()
    assert next(batches)[1][0] == 0
    assert batches[1][1].tolist() == [4, 5, 6, 7]
    with pytest.raises(ValueError, match="there is no batch 3"):
        batches[3]
    assert next(batches.index_generator).tolist() == [4, 5, 6, 7]
    copy = pickle.loads(pickle.dumps(batches))
    assert next(copy)[1].tolist() == next(batches)[1].tolist() == [8, 9, 10]


def test_rounds_of_whole_batches():
    batches = ImageDataGenerator().flow(X[:8], np.arange(8), 4, shuffle=False)
    assert [next(batches)[1].tolist() for _ in range(3)] == [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [0, 1, 2, 3],
    ]


def test_images_and_masks_change_alike():
    arguments = {"rotation_range": 40, "zoom_range": 0.3, "horizontal_flip": True}
    images = ImageDataGenerator(**arguments).flow(X, batch_size=4, seed=1)
    masks = ImageDataGenerator(**arguments).flow(X[..., :1], batch_size=4, seed=1)
    both = zip(images, masks)
    for _ in range(4):
        x, mask = next(both)
        np.testing.assert_array_equal(x[..., :1], mask)
    layers = minikeras.layers
    model = minikeras.Sequential([layers.Conv2D(1, 3, padding="same")])
    model.compile("sgd", "mse")
    history = model.fit(both, steps_per_epoch=3, epochs=3, verbose=0)
    assert len(history.history["loss"]) == 3


def test_an_iterator_of_ones_own():
    class Squares(iterators.Iterator):
        def _get_batches_of_transformed_samples(self, index_array):
            return index_array**2

    assert next(Squares(5, 3, False, None)).tolist() == [0, 1, 4]
    with pytest.raises(NotImplementedError, match="must define"):
        iterators.Iterator(5, 3, False, None).next()


def model_for(shape, units=3):
    layers = minikeras.layers
    model = minikeras.Sequential(
        [minikeras.Input(shape), layers.Flatten(), layers.Dense(units, activation="softmax")]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def test_iterators_train_evaluate_and_predict():
    batches = ImageDataGenerator(rescale=1 / 255).flow(X, np.arange(11) % 3, 4)
    model = model_for(X.shape[1:])
    assert len(model.fit(batches, epochs=2, verbose=0).history["loss"]) == 2
    model.fit(batches, steps_per_epoch=2, verbose=0)
    assert np.isfinite(model.evaluate(batches, verbose=0))
    ordered = ImageDataGenerator(rescale=1 / 255).flow(X, shuffle=False, batch_size=4)
    np.testing.assert_allclose(
        model.predict(ordered, verbose=0), model.predict(X / 255, verbose=0), rtol=1e-5
    )


# Files.


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three classes with 7, 5 and 4 images, one of each in a folder further down."""
    from PIL import Image

    rng = np.random.RandomState(1)
    root = tmp_path_factory.mktemp("animals")
    for name, count in (("cat", 7), ("dog", 5), ("emu", 4)):
        (root / name / "sub").mkdir(parents=True)
        (root / name / "note.txt").write_text("x")
        for i in range(count):
            pixels = rng.randint(0, 255, (8 + i, 9, 3)).astype("uint8")
            place = root / name / "sub" if i == 2 else root / name
            Image.fromarray(pixels).save(place / f"{name}{i}.{'png' if i % 2 else 'bmp'}")
    return root


def from_directory(folder, arguments=None, **kwargs):
    generator = ImageDataGenerator(**(arguments or {}))
    kwargs = {"target_size": (5, 6), "batch_size": 3, "seed": 2, **kwargs}
    return generator.flow_from_directory(str(folder), **kwargs)


def test_folders(folder, capsys):
    batches = from_directory(folder)
    assert capsys.readouterr().out == "Found 16 images belonging to 3 classes.\n"
    assert (batches.samples, batches.n, len(batches), batches.num_classes) == (16, 16, 6, 3)
    assert batches.class_indices == {"cat": 0, "dog": 1, "emu": 2}
    assert batches.classes.tolist() == batches.labels.tolist() == [0] * 7 + [1] * 5 + [2] * 4
    assert batches.image_shape == (5, 6, 3)
    cats = [f"cat{i}.{'png' if i % 2 else 'bmp'}" for i in (0, 1, 3, 4, 5, 6)]
    assert batches.filenames[:7] == [
        os.path.join("cat", name) for name in (*cats, os.path.join("sub", "cat2.bmp"))
    ]
    assert batches.filepaths[0] == os.path.join(str(folder), "cat", "cat0.bmp")
    two = [next(batches) for _ in range(2)]
    all_as([x for x, y in two], [-826.987, 522.2623])
    assert [y.argmax(1).tolist() for x, y in two] == [[2, 0, 0], [0, 1, 0]]
    assert two[0][1].dtype == np.float32


def test_pictures_are_found(folder):
    paths = iterators.list_pictures(str(folder / "cat"), "png")
    assert [os.path.basename(p) for p in paths] == ["cat1.png", "cat3.png", "cat5.png"]
    assert len(iterators.list_pictures(folder)) == 16


def test_colours_and_interpolation(folder):
    arguments = {"rescale": 1 / 255, "horizontal_flip": True}
    grey = from_directory(folder, arguments, color_mode="grayscale", interpolation="bilinear")
    all_as([next(grey)[0] for _ in range(2)], [0.6422027, 1.897812])
    assert from_directory(folder, color_mode="rgba").image_shape == (5, 6, 4)
    first = from_directory(folder, {"data_format": "channels_first"})
    assert next(first)[0].shape == (3, 3, 5, 6)
    with pytest.raises(ValueError, match="`color_mode` must be one of"):
        from_directory(folder, color_mode="bgr")


def test_class_modes_of_folders(folder):
    def batch(mode, **kwargs):
        return next(from_directory(folder, class_mode=mode, **kwargs))

    assert batch("sparse")[1].tolist() == [2, 0, 0]
    assert batch("binary", classes=["dog", "cat"], shuffle=False)[1].tolist() == [0, 0, 0]
    x, y = batch("input")
    np.testing.assert_array_equal(x, y)
    assert batch(None).shape == (3, 5, 6, 3)
    with pytest.raises(ValueError, match="`class_mode` must be one of"):
        batch("raw")


def test_subsets_of_folders(folder):
    split = {"validation_split": 0.3}
    validation = from_directory(folder, split, subset="validation", shuffle=False)
    training = from_directory(folder, split, subset="training", shuffle=False)
    assert validation.classes.tolist() == [0, 0, 1, 2]
    assert training.classes.tolist() == [0] * 5 + [1] * 4 + [2] * 3
    assert not set(validation.filenames) & set(training.filenames)
    with pytest.raises(ValueError, match="`subset` must be"):
        from_directory(folder, split, subset="test")


@pytest.mark.skipif(not hasattr(os, "symlink") or os.name == "nt", reason="needs links")
def test_links_are_followed_if_wanted(folder, tmp_path):
    (tmp_path / "all" / "cat").mkdir(parents=True)
    os.symlink(folder / "cat", tmp_path / "all" / "cat" / "more")
    assert from_directory(tmp_path / "all").samples == 0
    assert from_directory(tmp_path / "all", follow_links=True).samples == 7


def test_pictures_are_saved(folder, tmp_path):
    generator = ImageDataGenerator(rotation_range=10)
    where = {"save_to_dir": str(tmp_path), "save_format": "png"}
    next(generator.flow(X, np.arange(11), 3, seed=4, save_prefix="p", **where))
    next(from_directory(folder, batch_size=2, save_prefix="q", **where))
    names = sorted(os.listdir(tmp_path))
    assert names[:3] == ["p_3_8341.png", "p_4_5606.png", "p_8_3785.png"]  # as Keras draws them
    assert len(names) == 5 and names[3].startswith("q_")


@pytest.fixture
def frame(folder):
    pandas = pytest.importorskip("pandas")
    names = sorted(os.path.relpath(p, folder) for p in folder.rglob("*.*"))
    frame = pandas.DataFrame({"filename": names, "class": [name[:3] for name in names]})
    frame["a"] = np.arange(len(frame))
    frame["b"] = frame["a"] / 2
    frame["many"] = [[n] if i % 3 else (n, "emu") for i, n in enumerate(frame["class"])]
    return frame


def from_frame(frame, folder, arguments=None, **kwargs):
    generator = ImageDataGenerator(**(arguments or {}))
    kwargs = {"target_size": (5, 6), "batch_size": 3, "shuffle": False, **kwargs}
    return generator.flow_from_dataframe(frame, str(folder), **kwargs)


def test_data_frames(frame, folder, capsys):
    with pytest.warns(UserWarning, match=r"3 of 19 files in column 'filename' are not there"):
        batches = from_frame(frame, folder)
    assert "Found 16 validated image filenames belonging to 3 classes." in capsys.readouterr().out
    assert batches.class_indices == {"cat": 0, "dog": 1, "emu": 2}
    assert (batches.samples, len(batches)) == (16, 6)
    x, y = next(batches)
    assert x.shape == (3, 5, 6, 3) and y.tolist() == [[1, 0, 0]] * 3
    whole_paths = frame.assign(filename=[str(folder / name) for name in frame["filename"]])
    np.testing.assert_array_equal(
        next(from_frame(whole_paths[:3], "", validate_filenames=False))[0], x
    )


@pytest.mark.filterwarnings("ignore:DataFrameIterator:UserWarning")
def test_class_modes_of_data_frames(frame, folder):
    def batch(mode, frame=frame, **kwargs):
        return next(from_frame(frame, folder, class_mode=mode, **kwargs))

    two = frame[frame["class"] != "emu"]
    assert batch("binary", two)[1].tolist() == [0, 0, 0]
    assert batch("sparse", frame[::-1])[1].tolist() == [2, 2, 2]
    x, y, weight = batch("raw", y_col="b", weight_col="a")
    assert y.tolist() == [0, 0.5, 1] and weight.tolist() == [0, 1, 2]
    expected = [[0, 0], [1, 0.5], [2, 1]]
    assert batch("raw", y_col=["a", "b"])[1].tolist() == expected
    assert batch("other", y_col=["a", "b"])[1].tolist() == expected
    a, b = batch("multi_output", y_col=["a", "b"])[1]
    assert a.tolist() == [0, 1, 2] and b.tolist() == [0, 0.5, 1]
    x, y = batch("input")
    np.testing.assert_array_equal(x, y)
    assert batch(None).shape == (3, 5, 6, 3)
    assert batch("categorical", y_col="many")[1].tolist() == [[1, 0, 1], [1, 0, 0], [1, 0, 0]]
    some = from_frame(frame, folder, y_col="many", classes=["emu", "dog"])
    assert some.class_indices == {"emu": 0, "dog": 1}
    # Two cats that are emus, too, and a dog.
    assert next(some)[1].tolist() == [[1, 0], [1, 0], [0, 1]]


@pytest.mark.filterwarnings("ignore:DataFrameIterator:UserWarning")
def test_subsets_of_data_frames(frame, folder):
    split = {"validation_split": 0.25}
    validation = from_frame(frame, folder, split, subset="validation")
    training = from_frame(frame, folder, split, subset="training")
    assert (validation.samples, training.samples) == (4, 12)
    assert set(validation.filenames) | set(training.filenames) <= set(frame["filename"])
    assert frame["filename"].tolist()[0] == validation.filenames[0]


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"class_mode": "binary"}, ValueError, r"there must be 2 classes. Found 3"),
        ({"class_mode": "multi_output", "y_col": "a"}, TypeError, "list of columns"),
        ({"y_col": "a"}, TypeError, r"class_mode='categorical'.*`df\[y_col\].astype\(str\)`"),
        ({"class_mode": "sparse", "y_col": "a"}, TypeError, r"class_mode='sparse'"),
        ({"x_col": "a"}, TypeError, "'a' must be strings"),
        ({"weight_col": "class"}, TypeError, "'class' must be numbers"),
        ({"class_mode": "soft"}, ValueError, "`class_mode` must be one of"),
        ({"nonsense": 1}, TypeError, r"unknown arguments \['nonsense'\]"),
    ],
)
def test_what_does_not_fit_in_a_data_frame(frame, folder, arguments, error, message):
    with pytest.raises(error, match=message):
        from_frame(frame, folder, **arguments)


def test_iterators_over_files_train(folder):
    model = model_for((5, 6, 3))
    batches = from_directory(folder, {"rescale": 1 / 255}, class_mode="sparse")
    history = model.fit(batches, epochs=2, validation_data=batches, verbose=0).history
    assert len(history["val_loss"]) == 2


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: ImageDataGenerator(zoom_range=[1, 2, 3]), "`zoom_range` must be two floats"),
        (lambda: ImageDataGenerator(brightness_range=2), "`brightness_range` must be two floats"),
        (lambda: ImageDataGenerator(validation_split=2), "`validation_split` must be between"),
        (lambda: ImageDataGenerator(data_format="last"), "data_format='last'"),
        (lambda: ImageDataGenerator().fit(X[0]), "`x` must be images, of rank 4"),
        (lambda: ImageDataGenerator().flow(X[0]), "`x` must be images, of rank 4"),
        (lambda: ImageDataGenerator().flow(X, [1, 2]), "`x` and `y` must have the same length"),
        (lambda: ImageDataGenerator().flow((X, [1])), r"`x` and `x\[1\]` must have"),
        (lambda: ImageDataGenerator().flow(list(X)), "a list of length 11"),
        (lambda: transforms.random_zoom(X[0], [1]), "`zoom_range` must be two floats"),
        (lambda: transforms.random_brightness(X[0], [1]), "`brightness_range` must be two"),
        (lambda: transforms.random_rotation(X, 3), "an image with three axes"),
    ],
)
def test_what_does_not_fit_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_numbers_of_channels_that_images_do_not_have():
    with pytest.warns(UserWarning, match="should have 1, 3 or 4 channels on axis 3"):
        ImageDataGenerator().flow(FIRST)


def test_the_old_names_are_told(monkeypatch):
    from minikeras.compat import spelling

    spelling.forget_what_was_told()
    with pytest.warns(OldSpelling, match="image_dataset_from_directory"):
        image_data_generator.ImageDataGenerator()
    with pytest.warns(OldSpelling, match=r"Today it is `keras.layers.RandomRotation`"):
        transforms.random_rotation(X[0], 3, 0, 1, 2)
