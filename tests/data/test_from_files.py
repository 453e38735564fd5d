"""Data sets of folders: the files, labels and order that Keras finds, and what is read of them."""

import os
import struct
import traceback
import wave
from pathlib import Path

import numpy as np
import pytest

import minikeras
from minikeras import layers
from minikeras.data import Dataset, TensorSpec
from minikeras.data.audio_dataset_utils import read_wav, resampled
from minikeras.kernels.resampling import resample
from minikeras.utils import (
    audio_dataset_from_directory,
    image_dataset_from_directory,
    save_img,
    split_dataset,
    text_dataset_from_directory,
)

rng = np.random.default_rng(0)


@pytest.fixture
def texts(tmp_path):
    """Three classes of text files, some of them in folders of folders, beside others."""
    for i, name in enumerate(["b", "a", "c/deep", "a/x", "a/X", ".hidden", "c"]):
        folder = tmp_path / "texts" / name
        folder.mkdir(parents=True, exist_ok=True)
        for j in range(3 + i):
            (folder / f"{j * 7 % 10}.{'TXT' if j % 2 else 'txt'}").write_text(f"{name} {j}")
    (tmp_path / "texts" / "a" / "picture.png").touch()
    (tmp_path / "texts" / "README").touch()
    return tmp_path / "texts"


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"shuffle": False},
        {"class_names": ["c", "a"]},
        {"labels": None},
        {"labels": list(range(42))},
        {"seed": None},
        {"verbose": False},
    ],
)
def test_files_are_keras_s_in_its_order(keras, texts, capsys, arguments):
    utils = keras.src.utils.dataset_utils
    arguments = {"labels": "inferred", "seed": 11, **arguments}
    np.random.seed(5)
    seed = arguments["seed"] = arguments["seed"] or np.random.randint(10**6)
    labels = arguments["labels"]
    given = labels[:] if isinstance(labels, list) else labels  # Keras shuffles the user's list
    paths, labels, names = utils.index_directory(
        str(texts), formats=(".txt",), **{**arguments, "labels": given}
    )
    said = capsys.readouterr().out
    np.random.seed(5)
    dataset = text_dataset_from_directory(
        texts, batch_size=7, **{**arguments, "seed": None if seed != 11 else 11}
    )
    assert capsys.readouterr().out == said
    assert dataset.file_paths == paths
    assert dataset.class_names == names
    for _ in range(2):  # each pass
        found = [pair for batch in dataset for pair in zip(*as_lists(batch, labels is not None))]
        contents = [Path(path).read_text() for path in paths]
        expected = list(zip(contents, labels if labels is not None else [0] * len(paths)))
        assert sorted(found) == sorted(expected)
        assert (found == expected) == (not arguments.get("shuffle", True))


def as_lists(batch, labelled):
    if not labelled:
        return batch.tolist(), [0] * len(batch)
    return batch[0].tolist(), batch[1].tolist()


def test_orders_repeat_with_the_seed(texts):
    passes = [
        [batch.tolist() for batch in dataset]
        for dataset in [text_dataset_from_directory(texts, labels=None, seed=s) for s in (1, 1, 2)]
        for _ in range(2)
    ]
    first, again, same, same_again, other, _ = passes
    assert first == same and again == same_again
    assert first != again and first != other


def test_labels_as_models_take_them(texts):
    kinds = {
        "int": ((None,), "int32"),
        "categorical": ((None, 3), "float32"),
    }
    labels = {}
    for mode, (shape, dtype) in kinds.items():
        dataset = text_dataset_from_directory(texts, label_mode=mode, shuffle=False, batch_size=50)
        assert dataset.element_spec == (TensorSpec((None,), "string"), TensorSpec(shape, dtype))
        ((_, labels[mode]),) = dataset
        assert labels[mode].dtype == dtype
    np.testing.assert_array_equal(labels["categorical"], np.eye(3)[labels["int"].numpy()])
    two = text_dataset_from_directory(texts, class_names=["a", "c"], label_mode="binary", seed=1)
    assert two.element_spec[1] == TensorSpec((None, 1), "float32")
    assert {y.item() for _, batch in two for y in batch} == {0.0, 1.0}
    one = text_dataset_from_directory(texts, label_mode="int", batch_size=None)
    assert one.element_spec == (TensorSpec((), "string"), TensorSpec((), "int32"))
    assert len(one) == 34 and len(two) == 1
    floats = text_dataset_from_directory(texts, labels=[0.5] * 42, batch_size=None)
    assert floats.element_spec[1] == TensorSpec((), "float32")


def test_parts_have_no_file_in_common(texts, capsys):
    whole = text_dataset_from_directory(texts, seed=3).file_paths
    capsys.readouterr()
    options = {"seed": 3, "validation_split": 0.3}
    train, held_out = text_dataset_from_directory(texts, subset="both", **options)
    assert capsys.readouterr().out == (
        "Found 34 files belonging to 3 classes.\nUsing 24 files for training.\n"
        "Using 10 files for validation.\n"
    )
    assert train.file_paths + held_out.file_paths == whole
    for subset, part in (("training", train), ("validation", held_out)):
        same = text_dataset_from_directory(texts, subset=subset, **options)
        assert same.file_paths == part.file_paths
    first, again = ([x.tolist() for x, _ in held_out] for _ in range(2))
    assert first == again
    assert [x.tolist() for x, _ in train] != [x.tolist() for x, _ in train]


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_links(texts):
    (texts.parent / "more").mkdir()
    (texts.parent / "more" / "linked.txt").write_text("linked")
    (texts / "a" / "more").symlink_to(texts.parent / "more")
    (texts / "a" / "more" / "back").symlink_to(texts / "a")  # a circle
    count = len(text_dataset_from_directory(texts).file_paths)
    followed = text_dataset_from_directory(texts, follow_links=True).file_paths
    assert count == 34 and len(followed) == 35
    assert str(texts / "a" / "more" / "linked.txt") in followed


def test_texts_are_as_they_are(tmp_path):
    (tmp_path / "1.txt").write_bytes("naïve\r\n".encode())
    (tmp_path / "2.txt").write_bytes(b"caf\xe9 au lait")
    (tmp_path / "3.txt").touch()
    dataset = text_dataset_from_directory(tmp_path, labels=None, shuffle=False)
    assert next(iter(dataset)).tolist() == ["naïve\r\n", "caf\ufffd au lait", ""]
    short = text_dataset_from_directory(tmp_path, labels=None, shuffle=False, max_length=3)
    assert next(iter(short)).tolist() == ["naï", "caf", ""]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels": "guessed"}, "`labels` must be 'inferred', None, or a list"),
        ({"labels": [1, 2]}, "`labels` must be as many as there are files.*42.*2 labels"),
        ({"labels": None, "class_names": ["a"]}, "`class_names` orders classes"),
        ({"class_names": ["a", "z"]}, r"`class_names` must be names of folders.*'a', 'b', 'c'"),
        ({"label_mode": "one"}, "label_mode"),
        ({"label_mode": "binary"}, "exactly two classes.*3"),
        ({"labels": [0, 7] * 21, "label_mode": "categorical"}, "labels from 0 to 1"),
        ({"validation_split": 0.2}, "need each other"),
        ({"subset": "both"}, "need each other"),
        ({"validation_split": 2.0, "subset": "both"}, "between 0 and 1"),
        ({"validation_split": 0.2, "subset": "both"}, "`seed` must be given"),
        ({"validation_split": 0.01, "subset": "both", "seed": 1}, "no validation text files"),
        ({"batch_size": 0}, "batch_size"),
        ({"format": "torch"}, "format"),
    ],
)
def test_bad_arguments(texts, arguments, message):
    with pytest.raises(ValueError, match=f"text_dataset_from_directory: .*{message}"):
        text_dataset_from_directory(texts, **arguments)


def test_folders_without_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="text_dataset_from_directory: .*nowhere"):
        text_dataset_from_directory(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"no text files in .*end in \.txt"):
        text_dataset_from_directory(tmp_path)


# Images.


@pytest.fixture
def images(tmp_path):
    image = pytest.importorskip("PIL.Image")
    folder = tmp_path / "images"
    for name in ("cats", "dogs"):
        (folder / name).mkdir(parents=True)
    colours = rng.integers(0, 256, (20, 30, 4), dtype="uint8")
    grey = rng.integers(0, 2**16, (9, 8), dtype="uint16")
    save_img(folder / "cats" / "1.png", colours[..., :3], scale=False)
    save_img(folder / "cats" / "2.PNG", colours, file_format="png", scale=False)
    image.fromarray(grey).save(folder / "dogs" / "3.png")
    image.fromarray(colours[..., 0]).save(folder / "dogs" / "4.bmp")
    image.fromarray(colours[..., 1] > 127).save(folder / "dogs" / "5.gif")
    (folder / "dogs" / "6.txt").touch()
    return folder, colours, grey


def read(folder, **arguments):
    dataset = image_dataset_from_directory(
        folder, label_mode=None, shuffle=False, verbose=False, **arguments
    )
    (batch,) = dataset
    return batch.numpy()


def test_pixels(images):
    folder, colours, grey = images
    small = read(folder / "cats", image_size=(20, 30))
    np.testing.assert_array_equal(small, np.stack([colours[..., :3]] * 2))
    assert small.dtype == "float32"
    clear = read(folder / "cats", image_size=(20, 30), color_mode="rgba")
    np.testing.assert_array_equal(clear[1], colours)
    assert (clear[0, ..., 3] == 255).all()
    dogs = read(folder / "dogs", image_size=(9, 8), color_mode="grayscale")
    np.testing.assert_array_equal(dogs[0, ..., 0], grey >> 8)
    sums = np.asarray([0.299, 0.587, 0.114])
    bright = read(folder / "cats", image_size=(20, 30), color_mode="grayscale")[0, ..., 0]
    np.testing.assert_allclose(bright, colours[..., :3] @ sums, atol=1)
    assert set(np.unique(read(folder / "dogs", image_size=(20, 30))[2])) == {0, 255}


def by_hand(image, size):
    """Bilinear interpolation, pixel by pixel."""
    made = np.empty((*size, image.shape[2]))
    for i, j in np.ndindex(*size):
        y, x = ((k + 0.5) * n / m - 0.5 for k, n, m in zip((i, j), image.shape, size))
        rows, columns = (
            [
                (min(max(int(np.floor(c)) + d, 0), n - 1), 1 - abs(c - np.floor(c) - d))
                for d in (0, 1)
            ]
            for c, n in zip((y, x), image.shape)
        )
        made[i, j] = sum(a * b * image[r, c].astype(float) for r, a in rows for c, b in columns)
    return made


def test_of_two_equally_near_pixels_that_of_tensorflow():
    """What `tf.image.resize` of TensorFlow 2.15 gives: its middle pixel is 12, though 13 is as near."""
    row = np.arange(26, dtype="uint8").reshape(1, 26, 1)
    nearest = resample(row, 1, 11, "nearest")
    assert nearest.ravel().tolist() == [1, 3, 5, 8, 10, 12, 15, 17, 20, 22, 24]


def test_sizes(images):
    folder, colours, _ = images
    colours = colours[..., :3]
    for size in ((7, 41), (33, 12)):
        made = read(folder / "cats", image_size=size)[0]
        np.testing.assert_allclose(made, by_hand(colours, size), atol=1e-3)
    assert read(folder / "cats", image_size=5).shape == (2, 5, 5, 3)
    nearest = read(folder / "cats", image_size=(10, 15), interpolation="nearest")
    assert nearest.dtype == "uint8"  # as in Keras
    np.testing.assert_array_equal(nearest[0], colours[1::2, 1::2])
    # The largest part in the middle that is a square; and zeros above and below.
    cut = read(folder / "cats", image_size=(8, 8), crop_to_aspect_ratio=True)[0]
    np.testing.assert_allclose(cut, by_hand(colours[:, 5:25], (8, 8)), atol=1e-3)
    padded = read(folder / "cats", image_size=(15, 15), pad_to_aspect_ratio=True)[0]
    np.testing.assert_allclose(padded[2:12], by_hand(colours, (10, 15)), atol=1e-3)
    assert not padded[:2].any() and not padded[12:].any()
    first = read(folder / "cats", image_size=(7, 9), data_format="channels_first")
    np.testing.assert_array_equal(
        first.transpose(0, 2, 3, 1), read(folder / "cats", image_size=(7, 9))
    )


def test_image_specs_and_bad_arguments(images):
    folder = images[0]
    dataset = image_dataset_from_directory(folder, image_size=(4, 6), label_mode="binary")
    spec = TensorSpec((None, 4, 6, 3), "float32"), TensorSpec((None, 1), "float32")
    assert dataset.element_spec == spec and len(dataset) == 1
    one = image_dataset_from_directory(folder, image_size=(4, 6), batch_size=None)
    assert one.element_spec[0] == TensorSpec((4, 6, 3), "float32")
    assert {x.shape for x, _ in one} == {(4, 6, 3)} and len(one) == 5
    for arguments, message in [
        ({"image_size": (4, 0)}, "two positive integers"),
        ({"color_mode": "cmyk"}, "color_mode"),
        ({"interpolation": "magic"}, "interpolation"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "only one"),
    ]:
        with pytest.raises(ValueError, match=message):
            image_dataset_from_directory(folder, **arguments)


def test_a_file_that_is_no_image_is_named_in_its_turn(images):
    folder = images[0]
    (folder / "cats" / "3.jpg").write_bytes(b"no image")
    dataset = image_dataset_from_directory(folder, shuffle=False, batch_size=2, image_size=(4, 4))
    batches = iter(dataset)
    next(batches)
    with pytest.raises(ValueError, match=r"cats.*3\.jpg.* is no image") as caught:
        next(batches)
    lines = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert "decode" in lines  # of the thread that met it


def test_training_from_a_folder(images):
    folder = images[0]
    dataset = image_dataset_from_directory(folder, image_size=(4, 4), batch_size=2)
    model = minikeras.Sequential([layers.Flatten(), layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    history = model.fit(dataset.map(lambda x, y: (x / 255, y)), epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2 and model.optimizer.iterations.numpy() == 6


# Sounds.


def wav(path, numbers, kind=1, bits=16, channels=1, rate=8000, more=b"", size=None):
    """Write a file with a chunk between the header and the sound."""
    data = numbers if isinstance(numbers, bytes) else numbers.tobytes()
    step = channels * bits // 8
    header = struct.pack("<HHIIHH", kind, channels, rate, rate * step, step, bits) + more
    chunks = [
        b"fmt ",
        struct.pack("<I", len(header)),
        header,
        b"LIST",
        struct.pack("<I", 3),
        b"abc\0",
    ]
    chunks += [b"data", struct.pack("<I", len(data) if size is None else size), data]
    content = b"WAVE" + b"".join(chunks)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(content)) + content)


def sound_of(path, **arguments):
    with open(path, "rb") as file:
        return read_wav(file, **arguments)


def test_sounds_of_every_kind(tmp_path):
    path = tmp_path / "1.wav"
    values = np.array([[0, 1], [-1, 0.5], [0.25, -0.5]])
    integers = {8: ("u1", 127, 128), 16: ("<i2", 2**15, 0), 32: ("<i4", 2**31, 0)}
    for bits, (dtype, scale, zero) in integers.items():
        numbers = np.clip(values * scale + zero, *(np.iinfo(dtype).min, np.iinfo(dtype).max))
        wav(path, numbers.astype(dtype), bits=bits, channels=2, rate=22050)
        sound, rate = sound_of(path)
        assert sound.dtype == "float32" and rate == 22050
        np.testing.assert_allclose(sound, values, atol=1.5 / 2 ** (bits - 1))
    three = (values * (2**23 - 1)).astype("<i4").reshape(-1, 1).view("u1")[:, :3]
    wav(path, three.tobytes(), bits=24, channels=2)
    np.testing.assert_allclose(sound_of(path)[0], values, atol=2e-7)
    for dtype, bits in (("<f4", 32), ("<f8", 64)):
        wav(path, values.astype(dtype), kind=3, bits=bits, channels=2)
        np.testing.assert_array_equal(sound_of(path)[0], values.astype("float32"))
    # A header that says its kind further on, and a sound whose length was not known.
    more = struct.pack("<HHIH", 22, 16, 0, 1) + bytes(14)
    wav(path, np.array([1, 2], "<i2"), kind=0xFFFE, more=more, size=0xFFFFFFFF)
    np.testing.assert_array_equal(sound_of(path)[0][:, 0], np.array([1, 2]) / 2**15)
    with wave.open(str(path), "wb") as file:  # as Python writes it
        file.setparams((2, 2, 8000, 0, "NONE", ""))
        file.writeframes(np.arange(8, dtype="<i2").tobytes())
    np.testing.assert_array_equal(sound_of(path, samples=3)[0] * 2**15, [[0, 1], [2, 3], [4, 5]])


def test_sounds_in_batches(tmp_path):
    for name, n in (("a", 5), ("b", 8)):
        (tmp_path / name).mkdir()
        wav(tmp_path / name / "1.wav", np.full(n, 2**14, "<i2"))
    options = {"shuffle": False, "verbose": False}
    dataset = audio_dataset_from_directory(tmp_path, **options)
    assert dataset.class_names == ["a", "b"]
    ((sounds, labels),) = dataset
    assert sounds.shape == (2, 8, 1) and labels.tolist() == [0, 1]
    np.testing.assert_array_equal(sounds[0, :, 0], [0.5] * 5 + [0] * 3)
    fixed = audio_dataset_from_directory(tmp_path, output_sequence_length=6, **options)
    ((sounds, _),) = fixed
    np.testing.assert_array_equal(sounds[..., 0], [[0.5] * 5 + [0], [0.5] * 6])
    assert fixed.element_spec[0] == TensorSpec((None, 6, None), "float32")
    half = audio_dataset_from_directory(tmp_path, sampling_rate=4000, labels=None, **options)
    assert next(iter(half)).shape == (2, 4, 1)
    with pytest.raises(ValueError, match="ragged tensors"):
        audio_dataset_from_directory(tmp_path, ragged=True)


def test_sounds_that_cannot_be_read(tmp_path):
    path = tmp_path / "1.wav"
    numbers = np.arange(4, dtype="<i2")
    for write, message in [
        (lambda: path.write_bytes(b"no sound"), "no WAV file"),
        (lambda: path.write_bytes(b"RIFF\0\0\0\0WAVE"), "has no sound in it"),
        (lambda: wav(path, numbers, kind=6, bits=8), "kind 6 with 8 bits"),
        (lambda: wav(path, numbers, size=99), "8 of 99 bytes"),
        (lambda: wav(path, numbers, channels=0), "contradicts itself"),
    ]:
        write()
        with pytest.raises(ValueError, match=rf"1\.wav.*{message}"):
            list(audio_dataset_from_directory(tmp_path, labels=None, verbose=False))


@pytest.mark.parametrize(("old", "new"), [(8000, 16000), (44100, 16000), (16000, 44100), (6, 4)])
def test_resampling_is_scipy_s(old, new):
    signal = pytest.importorskip("scipy.signal")
    sound = rng.normal(size=(301, 2)).astype("float32")
    expected = signal.resample_poly(sound.astype(float), new, old, axis=0)
    np.testing.assert_allclose(resampled(sound, old, new), expected, atol=1e-5)


# Splitting.


@pytest.mark.parametrize(
    ("sizes", "left", "right"),
    [
        ({"left_size": 0.8}, range(8), range(8, 10)),
        ({"right_size": 3}, range(7), range(7, 10)),
        ({"left_size": 2, "right_size": 0.35}, range(2), range(6, 10)),
        # The order of Python's own generator, which Keras shuffles with.
        ({"left_size": 4, "shuffle": True, "seed": 7}, [8, 3, 6, 2], [9, 4, 7, 1, 0, 5]),
    ],
)
def test_split(sizes, left, right):
    if sizes.get("shuffle"):
        import random

        order = list(range(10))
        random.Random(7).shuffle(order)
        left, right = order[:4], order[4:]
    x, y = np.arange(20).reshape(10, 2), np.arange(10)
    for data, take in (
        (y, lambda row: row),
        ((x, y), lambda row: row[1]),
        ([x, y], lambda row: row[1]),
        (Dataset.from_tensor_slices({"x": x, "y": y}), lambda row: row["y"]),
    ):
        parts = split_dataset(data, **sizes)
        for part, expected in zip(parts, (left, right), strict=True):
            assert [int(take(row)) for row in part] == list(expected)
            assert len(part) == len(expected)


def test_a_data_set_of_batches_is_split_by_rows(texts):
    dataset = text_dataset_from_directory(texts, batch_size=4)
    left, right = split_dataset(dataset, left_size=22)
    assert [len(x) for x, _ in left] == [4] * 5 + [2] and [len(x) for x, _ in right] == [4] * 3
    found = [text for part in (left, right) for x, _ in part for text in x.tolist()]
    assert sorted(found) == sorted(Path(path).read_text() for path in dataset.file_paths)


@pytest.mark.parametrize(
    ("data", "arguments", "message"),
    [
        (np.arange(4), {}, "`left_size` or `right_size` must be given"),
        (np.arange(4), {"left_size": 4}, "from 1 to 3"),
        (np.arange(4), {"left_size": 1.5}, "fraction between 0 and 1"),
        (np.arange(4), {"left_size": 3, "right_size": 2}, "cannot be split into 3 and 2"),
        (np.arange(4), {"left_size": 0.1}, "cannot be split into 0 and 4"),
        ((np.arange(4), np.arange(3)), {"left_size": 1}, "as many in each array"),
        (Dataset.range(0), {"left_size": 1}, "must have rows"),
        (Dataset.range(3).repeat(), {"left_size": 1}, "no end"),
        ("text", {"left_size": 1}, "argument `dataset` must be"),
        ([1, 2], {"left_size": 1}, "that holds int"),
        (np.arange(4), {"left_size": 1, "preferred_backend": "torch"}, "PyTorch"),
    ],
)
def test_what_cannot_be_split(data, arguments, message):
    with pytest.raises((ValueError, TypeError), match=f"split_dataset: .*{message}"):
        split_dataset(data, **arguments)
