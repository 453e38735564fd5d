"""What counts as text, in arrays and tensors."""

import numpy as np
import pytest

import minikeras
from minikeras import layers, ops
from minikeras.common.dtypes import standardize_dtype
from minikeras.common.texts import as_ascii, as_utf8, text_array

TEXTS = ["a", "é b", ""]
FORMS = {
    "list": TEXTS,
    "bytes": [t.encode() for t in TEXTS],
    "one width": np.array(TEXTS),
    "any width": np.array(TEXTS, np.dtypes.StringDType()),
    "objects": np.array(TEXTS, object),
    "objects that are bytes": np.array([t.encode() for t in TEXTS], object),
    "array of bytes": np.array([t.encode() for t in TEXTS]),
}


@pytest.mark.parametrize("given", FORMS.values(), ids=FORMS)
def test_all_forms_become_tensors_of_texts(given):
    array = text_array(given)
    assert array.dtype.kind in "UTS"
    assert as_utf8(array) == [t.encode() for t in TEXTS]
    tensor = ops.convert_to_tensor(given, "string")
    assert standardize_dtype(tensor.dtype) == "string"
    assert as_utf8(tensor.array) == [t.encode() for t in TEXTS]
    assert ops.cast(tensor, "string").array is tensor.array


def test_other_things_are_no_texts():
    for given in ([1, 2], np.array([1.5]), np.array(["a", None], object), np.array([], object)):
        assert text_array(given) is None
        with pytest.raises(TypeError, match="texts|numbers"):
            ops.convert_to_tensor(given, "string")
    with pytest.raises(TypeError, match="numbers"):
        ops.convert_to_tensor(np.array(["a", None], object))
    with pytest.raises(ValueError, match="`x`.*dtype object"):
        minikeras.Sequential([layers.Identity()]).predict(np.array(["a", 1.5], object))


def test_bytes_are_read_in_their_encoding():
    array = np.array(["é".encode("latin-1")])
    assert as_utf8(array, "latin-1") == ["é".encode()]
    with pytest.raises(UnicodeDecodeError):
        as_utf8(array, "ascii")
    assert as_utf8(np.array(["\udce9"])) == [b"\xe9"]  # as it was before Python read it


def test_views_of_texts_as_bytes():
    array = np.array([["ab", "c"], ["", "d"]])
    assert as_ascii(array).tolist() == [[b"ab", b"c"], [b"", b"d"]]
    assert as_ascii(array.T).tolist() == [[b"ab", b""], [b"c", b"d"]]
    assert as_ascii(array.astype(">U2")) is None
    assert as_ascii(np.array(["é"])) is None
    assert as_ascii(np.array([], "<U3")) is None


def test_long_texts_make_no_others_longer():
    given = np.array(["a" * 10_000, *["b"] * 1000], object)
    assert ops.convert_to_tensor(given).nbytes < 100_000


def test_inputs_of_texts_take_texts_alone():
    inputs = minikeras.Input((2,), dtype="string")
    assert inputs.dtype == "string"
    model = minikeras.Model(inputs, layers.Identity()(inputs))
    x = np.array([["a", "b"]])
    assert model.predict(x, verbose=0).tolist() == x.tolist()
    with pytest.raises(ValueError, match="takes texts.*float32"):
        model.predict(np.ones((1, 2), "float32"), verbose=0)
    numbers = minikeras.Sequential([minikeras.Input((2,)), layers.Dense(1)])
    with pytest.raises(ValueError, match="takes numbers of dtype float32.*<U1"):
        numbers.predict(x, verbose=0)
    with pytest.raises(ValueError, match="expected numbers, found strings"):
        layers.Dense(1)(x)
