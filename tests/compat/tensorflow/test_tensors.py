"""What tensors have while TensorFlow's names are in use, and not after; dtypes and shapes."""

import pickle

import numpy as np
import pytest

import minikeras
from minikeras.autodiff import Tensor, Variable
from minikeras.compat.extensions import lend, take_back
from minikeras.compat.tensorflow import TREE


def test_tensors_are_as_they_were_after_it():
    before = {cls: dict(vars(cls)) for cls in (Tensor, Variable, minikeras.KerasTensor)}
    lend(TREE.extensions)
    assert Tensor(np.ones(2)).shape.as_list() == [2]
    take_back()
    assert {cls: dict(vars(cls)) for cls in before} == before
    assert not hasattr(Tensor(np.ones(2)), "get_shape")
    assert type(Tensor(np.ones(2)).shape) is tuple


def test_dtypes_work_wherever_dtypes_do(tf):
    assert np.zeros(2, tf.int64).dtype == np.int64 and np.dtype(tf.bool) == bool
    assert minikeras.ops.zeros(2, dtype=tf.float64).dtype == tf.float64
    assert minikeras.layers.Dense(2, dtype=tf.float32).compute_dtype == "float32"
    assert minikeras.Input((2,), dtype=tf.int32).dtype == "int32"
    for same in ("float32", np.float32, np.dtype("float32"), tf.float32):
        assert tf.float32 == same and same == tf.float32
    assert tf.float32 not in ("float64", np.int32, None, 3)
    x = tf.constant([1.0])
    assert x.dtype in (tf.float32,) and x.dtype.as_numpy_dtype is np.float32
    assert x.dtype.kind == "f" and tf.Variable(x).dtype.name == "float32"
    assert (repr(tf.float32), str(tf.float32), f"{tf.float32}") == (
        "tf.float32",
        "float32",
        "float32",
    )
    assert pickle.loads(pickle.dumps(tf.float32)) == tf.float32
    assert (tf.half, tf.double) == (tf.float16, tf.float64)
    assert tf.int32.max == 2**31 - 1 and tf.float32.min == np.finfo("float32").min
    with pytest.raises(TypeError, match=r"tf\.bool has no least"):
        tf.bool.max  # noqa: B018
    assert minikeras.utils.standardize_dtype(tf.float32) == "float32"


def test_shapes_are_tuples_that_know_more(tf):
    shape = tf.zeros([2, 3]).shape
    assert shape == (2, 3) == tuple(shape) and shape == [2, 3] and shape != (2, 4)
    assert (shape.rank, shape.ndims, shape.num_elements(), len(shape)) == (2, 2, 6, 2)
    assert (shape + [4]).as_list() == [2, 3, 4] and ((1,) + shape)[0] == 1
    assert shape[1:].as_list() == [3] and shape[-1] == 3 and shape.dims[0].value == 2
    unknown = tf.TensorShape(None)
    assert (
        unknown.rank is None and unknown.is_compatible_with(shape) and str(unknown) == "<unknown>"
    )
    with pytest.raises(ValueError, match="unknown TensorShape"):
        unknown.as_list()
    with pytest.raises(ValueError, match=r"\(2, 3\) and \(3, 2\) are incompatible"):
        shape.merge_with([3, 2])
    x = minikeras.Input((3,))
    assert x.shape.as_list() == [None, 3] and not x.get_shape().is_fully_defined()
    with pytest.raises(ValueError, match="incompatible"):
        tf.constant([1]).set_shape([2])


def test_variables(tf):
    v = tf.Variable([1.0, 2.0], name="a/b:0", trainable=False)
    assert isinstance(v, Variable) and not v.trainable and "/" not in v.name
    assert v.value().numpy().tolist() == v.read_value().numpy().tolist() == [1.0, 2.0]
    assert bool(tf.Variable(True)) and not tf.Variable(0.0)
    assert tf.Variable(lambda: [3, 4]).numpy().tolist() == [3, 4]
    assert tf.Variable(2, dtype=tf.float32).dtype == tf.float32
    with tf.GradientTape() as tape:
        w = tf.Variable(3.0)
        y = w.value() * w
    assert float(tape.gradient(y, w)) == 6.0
    rows = tf.Variable(np.zeros((3, 2), "float32"))
    rows.scatter_add(tf.IndexedSlices(tf.ones([2, 2]), tf.constant([0, 2])))
    assert rows.numpy().tolist() == [[1, 1], [0, 0], [1, 1]]
    with pytest.raises(ValueError, match="initial_value"):
        tf.Variable()
    assert {tf.constant(1).ref(): 1} and v.ref() == v.ref() and v.ref().deref() is v


def test_classes_are_annotations_and_bases(tf):
    def f(x: tf.Tensor | None, y: "np.ndarray | tf.Variable") -> list[tf.Tensor] | None:
        return x

    assert type(None) in f.__annotations__["x"].__args__

    class Mine(tf.Variable):
        pass

    assert issubclass(Mine, Variable) and issubclass(Mine, tf.Variable)
    assert isinstance(minikeras.Input((2,)), tf.Tensor)


def test_strings_are_bytes_to_python_and_texts_to_layers(tf):
    words = tf.constant(["one", "zw\u00f6lf"])
    assert words.dtype == tf.string and words.shape.as_list() == [2]
    assert words.numpy().tolist() == [b"one", "zw\u00f6lf".encode()]
    assert words[1].numpy().decode() == "zw\u00f6lf"
    assert (words == "one").numpy().tolist() == [True, False]
    assert (words + "!").numpy()[0] == b"one!" and b"one" in words.numpy()
    assert [w.numpy() for w in words] == words.numpy().tolist()
    assert words.array.tolist() == ["one", "zw\u00f6lf"]
    dataset = minikeras.data.Dataset.from_tensor_slices(["a", "b"])
    assert [t.numpy() for t in dataset] == [b"a", b"b"]
    assert [t.numpy() for t in dataset.map(tf.strings.upper)] == [b"A", b"B"]
    with pytest.raises(TypeError, match="Expected strings"):
        tf.strings.lower([1, 2])


def test_training_a_model_meanwhile_gives_the_same_numbers(tf):
    def trained():
        minikeras.utils.set_random_seed(0)
        model = minikeras.Sequential(
            [minikeras.layers.Dense(4, activation="relu"), minikeras.layers.Dense(1)]
        )
        model.compile("adam", "mse", metrics=["mae"])
        x = np.random.RandomState(0).rand(32, 3)
        return model.fit(x, x.sum(1), epochs=2, verbose=0).history["mae"]

    meanwhile = trained()
    take_back()
    after = trained()
    lend(TREE.extensions)
    assert meanwhile == after


def test_what_a_script_computes_by_numpy_is_an_array_on_a_tape_too(tf):
    v = tf.Variable([[0.25, 0.75]])
    with tf.GradientTape() as tape:
        chances = tf.nn.softmax(v)
        plain = np.squeeze(chances)
        loss = tf.math.log(chances[0, 1]) * np.float32(2)
    assert type(plain) is np.ndarray and type(np.mean(chances)) is np.float32
    assert np.random.RandomState(0).choice(2, p=plain) in (0, 1)  # single precision is enough
    assert tape.gradient(loss, v).numpy() == pytest.approx(np.array([[-2, 2]]) * plain[0], rel=1e-5)


def test_gradients_go_through_numpy_in_layers_and_in_fit(tf):
    class Twice(minikeras.layers.Layer):
        def call(self, x):
            return np.concatenate([x, x], axis=-1)

    model = minikeras.Sequential([minikeras.layers.Dense(2), Twice(), minikeras.layers.Dense(1)])
    x = np.ones((4, 3), "float32")
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(x))
    assert tape.gradient(loss, model.trainable_variables)[0] is not None
    model.compile("sgd", lambda y_true, y_pred: np.mean((y_true - y_pred) ** 2))
    before = model.get_weights()[0]
    model.fit(x, np.full((4, 1), 9.0), verbose=0)
    assert np.all(model.get_weights()[0] != before)


def test_texts_as_layers_hold_them_are_strings(tf):
    layer = minikeras.layers.TextVectorization(
        standardize=lambda t: tf.strings.regex_replace(tf.strings.lower(t), "[!.]", ""),
        split=lambda t: tf.strings.split(t, "-"),
    )
    layer.adapt(["A-b!", "B-c."])
    assert layer.get_vocabulary() == ["", "[UNK]", "b", "c", "a"]
    assert layer(["a-B.", "z"]).numpy().tolist() == [[4, 2], [1, 0]]
    assert layer([["C!"]]).numpy().tolist() == [[3]]
