import io

import numpy as np
import pytest

pytest.importorskip("PIL")

from minikeras.preprocessing import image as ours
from minikeras.utils import image_utils


@pytest.fixture
def theirs(keras):
    return keras.preprocessing.image


rng = np.random.default_rng(0)
IMAGES = {
    "rgb": rng.uniform(0, 255, (5, 7, 3)),
    "rgba": rng.uniform(0, 255, (6, 4, 4)),
    "grey": rng.uniform(0, 200, (5, 7, 1)),
    "deep grey": rng.uniform(0, 1000, (5, 7, 1)),
    "small": rng.normal(size=(3, 3, 3)),
    "flat": np.zeros((2, 2, 3)),
}


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first", None])
@pytest.mark.filterwarnings("ignore:.*mode:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_arrays_and_images_as_keras(theirs, name, scale, data_format):
    x = IMAGES[name]
    if name == "small" and not scale:
        x = np.abs(x)  # what negative values become is the machine's choice in Keras
    if data_format == "channels_first":
        x = x.transpose(2, 0, 1)
    a = ours.array_to_img(x, data_format, scale)
    b = theirs.array_to_img(x, data_format, scale)
    assert a.mode == b.mode
    assert a.tobytes() == b.tobytes()
    for dtype in (None, "uint8"):
        np.testing.assert_array_equal(
            ours.img_to_array(a, data_format, dtype),
            theirs.img_to_array(b, data_format, dtype),
            strict=True,
        )


def files(folder):
    """Write images in all the modes that there are; return their paths."""
    from PIL import Image

    rgb = Image.fromarray(rng.integers(0, 255, (9, 13, 3), dtype=np.uint8))
    for mode in ("RGB", "RGBA", "L", "P", "1", "LA"):
        rgb.convert(mode).save(folder / f"{mode}.png")
    Image.fromarray(rng.integers(0, 60000, (9, 13), dtype=np.uint16)).save(folder / "I16.png")
    return sorted(folder.glob("*.png"))


def test_files_as_keras(theirs, tmp_path):
    options = [
        {},
        {"target_size": (4, 6)},
        {"target_size": (4, 6), "interpolation": "bilinear"},
        {"target_size": (20, 6), "interpolation": "lanczos", "keep_aspect_ratio": True},
        {"target_size": (3, 20), "interpolation": "box", "keep_aspect_ratio": True},
        {"target_size": (9, 13), "interpolation": "hamming"},
        {"target_size": (12, 12), "interpolation": "bicubic"},
    ]
    paths = files(tmp_path)
    assert len(paths) == 7
    for path in paths:
        for mode in ("rgb", "rgba", "grayscale"):
            for arguments in options:
                a = ours.load_img(path, mode, **arguments)
                b = theirs.load_img(path, mode, **arguments)
                assert (a.mode, a.size, a.tobytes()) == (b.mode, b.size, b.tobytes())


def test_a_file_may_be_bytes_and_any_path(tmp_path):
    x = IMAGES["rgb"]
    ours.save_img(tmp_path / "a.png", x)
    ours.save_img(str(tmp_path / "b.bmp"), x.transpose(2, 0, 1), "channels_first")
    data = io.BytesIO()
    ours.save_img(data, x, file_format="png")
    expected = ours.img_to_array(ours.load_img(str(tmp_path / "a.png")))
    np.testing.assert_array_equal(expected, ours.img_to_array(ours.load_img(data)))
    np.testing.assert_array_equal(
        expected, ours.img_to_array(ours.load_img(str(tmp_path / "b.bmp").encode()))
    )
    assert expected.min() == 0 and expected.max() == 255


def test_jpeg_has_no_transparency(tmp_path):
    with pytest.warns(UserWarning, match="JPEG has no transparency"):
        ours.save_img(tmp_path / "a.jpg", IMAGES["rgba"], quality=90)
    assert ours.load_img(tmp_path / "a.jpg").mode == "RGB"


@pytest.mark.parametrize(
    "interpolation", ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"]
)
@pytest.mark.parametrize("shape, size", [((5, 7, 3), (4, 3)), ((2, 6, 4, 1), (9, 11))])
def test_smart_resize_as_keras(theirs, interpolation, shape, size):
    x = rng.uniform(0, 9, shape).astype("float32")
    ours_ = ours.smart_resize(x, size, interpolation)
    expected = theirs.smart_resize(x, size, interpolation)
    assert type(ours_) is np.ndarray
    np.testing.assert_allclose(ours_, expected, rtol=1e-5, atol=1e-5, strict=True)
    first = np.moveaxis(x, -1, -3)
    np.testing.assert_allclose(
        ours.smart_resize(first, size, interpolation, "channels_first"),
        np.moveaxis(expected, -1, -3),
        rtol=1e-5,
        atol=1e-5,
    )


def test_smart_resize_of_whole_numbers_and_of_tensors():
    from minikeras import ops

    x = np.arange(48, dtype="uint8").reshape(4, 4, 3)
    assert ours.smart_resize(x, (2, 2), "nearest").dtype == np.uint8
    small = ours.smart_resize(x, (2, 2))
    assert small.dtype == np.float32
    assert small[0, 0, 0] == (0 + 3 + 12 + 15) / 4
    tensor = ours.smart_resize(ops.convert_to_tensor(x.astype("float32")), (2, 2))
    assert ops.is_tensor(tensor)
    np.testing.assert_array_equal(tensor, small)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: ours.array_to_img(np.zeros((2, 2))), r"rank 3. Received: shape=\(2, 2\)"),
        (lambda: ours.array_to_img(np.zeros((2, 2, 5))), "1, 3 or 4 channels"),
        (lambda: ours.img_to_array(np.zeros(3)), "must be an image"),
        (lambda: ours.load_img("x.png", "bgr"), "color_mode='bgr'"),
        (lambda: ours.smart_resize(np.zeros((2, 2, 3)), (2,)), r"\(height, width\)"),
        (lambda: ours.smart_resize(np.zeros((2, 2)), (2, 2)), r"shape=\(2, 2\)"),
        (lambda: ours.smart_resize(np.zeros((2, 2, 3)), (2, 2), "area"), "'area'"),
    ],
)
def test_what_does_not_fit_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_an_interpolation_that_is_not_there(tmp_path):
    ours.save_img(tmp_path / "a.png", IMAGES["rgb"])
    with pytest.raises(ValueError, match="`interpolation` must be one of"):
        ours.load_img(tmp_path / "a.png", target_size=(2, 2), interpolation="cubic")
    with pytest.raises(TypeError, match="a path or a BytesIO"):
        ours.load_img(3)


def test_without_pillow_the_extra_is_named(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(ImportError, match=r'pip install "minikeras-numpy\[image\]"'):
        image_utils.load_img("a.png")
