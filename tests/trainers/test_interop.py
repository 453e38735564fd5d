"""Data of other libraries train a model as NumPy's arrays do."""

import numpy as np
import pytest

import minikeras
from minikeras import ops

N = 40
X = np.random.default_rng(0).standard_normal((N, 2)).astype("float32")
Y = X.sum(1)


def outcome(x, y=None, shuffle=False):
    """Return what `fit`, `evaluate` and `predict` give for data in batches of 16."""
    minikeras.utils.set_random_seed(0)
    model = minikeras.Sequential([minikeras.layers.Dense(1)])
    model.compile(minikeras.optimizers.SGD(0.1), "mse")
    size = {} if y is None else {"batch_size": 16}
    targets = () if y is None else (y,)
    history = model.fit(x, *targets, epochs=2, verbose=0, shuffle=shuffle, **size)
    loss = model.evaluate(x, *targets, verbose=0, **size)
    return [*history.history["loss"], loss, *model.predict(x, verbose=0, **size).ravel()]


@pytest.fixture(scope="module")
def expected():
    """What arrays give."""
    return outcome(X, Y)


class Pack:
    """An array of a library that speaks DLPack alone."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


class Interface:
    """An array of a library that speaks NumPy's protocol alone."""

    def __init__(self, array):
        self.array = array
        self.__array_interface__ = array.__array_interface__


@pytest.mark.parametrize("kind", [Pack, Interface])
def test_arrays_by_their_protocol(kind, expected):
    assert outcome(kind(X), kind(Y)) == expected
    tensor = ops.convert_to_tensor(kind(X))
    assert tensor.dtype == "float32" and np.shares_memory(tensor.numpy(), X)
    dense = minikeras.layers.Dense(2)
    np.testing.assert_array_equal(dense(kind(X)), dense(X))
    model = minikeras.Sequential([minikeras.layers.Dense(1)])
    model.compile("sgd", "mse")
    whole = model.evaluate(X, Y, batch_size=N, verbose=0)
    assert model.test_on_batch(kind(X), kind(Y)) == whole
    np.testing.assert_array_equal(model.predict_on_batch(kind(X)), model.predict_on_batch(X))
    (element,) = minikeras.data.Dataset.from_tensors(kind(X))
    np.testing.assert_array_equal(element, X)


def test_tensors_go_out_by_every_protocol():
    tensor = ops.convert_to_tensor(X)
    np.testing.assert_array_equal(np.from_dlpack(tensor), X)
    assert np.shares_memory(np.asarray(Interface(tensor)), tensor.numpy())
    again = ops.convert_to_tensor(Pack(tensor))
    np.testing.assert_array_equal(again, X)
    for library in ("jax", "polars", "pandas"):
        module = pytest.importorskip(library)
        if library == "jax":
            np.testing.assert_array_equal(module.dlpack.from_dlpack(tensor), X)
        else:
            np.testing.assert_array_equal(module.DataFrame(np.asarray(tensor)).to_numpy(), X)


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_tables(library, expected):
    module = pytest.importorskip(library)
    make = module.table if library == "pyarrow" else module.DataFrame
    table = make({"a": X[:, 0], "b": X[:, 1], "y": Y})
    if library == "pandas":
        x = table[["a", "b"]]
    else:
        x = table.select(["a", "b"])
    assert outcome(x, table["y"]) == expected


class Loader:
    """Batches as PyTorch's DataLoader gives them: lists of tensors that must leave the tape first."""

    class Tensor:
        def __init__(self, array):
            self.array, self.dtype = array, array.dtype

        def __array__(self, *args, **kwargs):
            raise RuntimeError("Can't call numpy() on Tensor that requires grad")

        def detach(self):
            return self

        def cpu(self):
            return self.array

    def __len__(self):
        return 3

    def __iter__(self):
        for start in range(0, N, 16):
            yield [self.Tensor(part[start : start + 16]) for part in (X, Y)]


def test_batches_of_any_iterable(expected):
    assert outcome(Loader()) == expected


def test_data_loader_of_pytorch(expected):
    torch = pytest.importorskip("torch")
    data = torch.utils.data
    x, y = torch.tensor(X, requires_grad=True), torch.tensor(Y)
    assert outcome(x, y) == expected
    assert outcome(data.DataLoader(data.TensorDataset(x.detach(), y), batch_size=16)) == expected
    tensor = ops.convert_to_tensor(x)
    assert np.shares_memory(tensor.numpy(), x.detach().numpy())
    np.testing.assert_array_equal(torch.from_dlpack(tensor), X)
    assert ops.convert_to_tensor(x.bfloat16()).dtype == "bfloat16"


def test_pipelines_of_tensorflow(expected):
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices((X, Y))
    assert outcome(data.batch(16)) == expected
    assert outcome(tf.constant(X), tf.constant(Y)) == expected


def test_pipelines_of_grain(expected):
    grain = pytest.importorskip("grain")
    data = grain.MapDataset.source(list(zip(X, Y))).batch(16)
    assert outcome(data) == expected
    assert outcome(data.to_iter_dataset()) == expected


def test_data_sets_of_hugging_face(expected):
    datasets = pytest.importorskip("datasets.arrow_dataset")  # `datasets` is a folder of tests too
    data = datasets.Dataset.from_dict({"x": X, "y": Y})
    assert outcome(data["x"], data["y"]) == expected
    for form in ("numpy", "arrow", "pandas", "polars"):
        table = data.with_format(form)[:]
        np.testing.assert_allclose(outcome(table["x"], table["y"]), expected, rtol=1e-6)


class Rows:
    """A table that gives its rows, as those of Hugging Face do."""

    column_names = ("x", "label")

    def __iter__(self):
        yield {"x": [0.5, 1.5], "label": 1}


def test_tables_that_give_rows_are_refused():
    with pytest.raises(ValueError, match=r"single rows, with the columns \['x', 'label'\]"):
        outcome(Rows())


def test_data_sets_of_keras(keras, expected):
    class Batches(keras.utils.PyDataset):
        ended = 0

        def __len__(self):
            return 3

        def __getitem__(self, index):
            batch = slice(16 * index, 16 * index + 16)
            return X[batch], Y[batch]

        def on_epoch_end(self):
            self.ended += 1

    batches = Batches(workers=2)
    assert outcome(batches) == expected
    assert batches.ended >= 2
    assert outcome(batches, shuffle=True) != expected  # the order of the batches, as in Keras
