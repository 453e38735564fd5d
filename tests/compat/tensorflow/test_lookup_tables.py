"""`tf.lookup`: tables on data and in models."""

import numpy as np
import pytest

import minikeras
from minikeras import layers


def table(tf, keys, values, default):
    return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), default)


def test_strings_and_integers_stand_for_numbers_and_strings(tf):
    t = table(tf, ["a", "b"], [3, 5], -1)
    found = t.lookup(tf.constant([["b", "z"], ["a", ""]]))
    assert found.numpy().tolist() == [[5, -1], [3, -1]] and found.dtype == tf.int32
    assert int(t.size()) == 2 and int(t[tf.constant("a")]) == 3
    names = table(tf, tf.constant([0, 7]), ["zero", "seven"], "?")
    assert names.lookup(tf.constant([7, 0, 1])).numpy().tolist() == [b"seven", b"zero", b"?"]
    assert [x.numpy().tolist() for x in t.export()] == [[b"a", b"b"], [3, 5]]
    assert table(tf, ["a"], [0.5], 2.0).lookup("q").numpy() == np.float32(2.0)


def test_keys_may_be_what_layers_call_unknown_words(tf):
    numbers = table(tf, [-1, 0, -2], [1, 2, 3], -7)
    assert numbers.lookup(tf.constant([-1, 0, -2, -3, 9])).numpy().tolist() == [1, 2, 3, -7, -7]
    words = table(tf, ["a", "[UNK]", ""], [1, 2, 3], -7)
    assert words.lookup(tf.constant(["[UNK]", "a", "", "[UNK]]"])).numpy().tolist() == [2, 1, 3, -7]


def test_in_a_layer_of_a_model(tf):
    class Block(layers.Layer):
        def __init__(self):
            super().__init__()
            self.table = table(tf, ["x", "y"], [1.0, 2.0], 0.0)

        def call(self, inputs):
            return self.table.lookup(inputs)

    inputs = minikeras.Input((2,), dtype="string")
    model = minikeras.Model(inputs, Block()(inputs))
    assert model.predict(np.array([["y", "x"], ["q", "y"]]), verbose=0).tolist() == [[2, 1], [0, 2]]


def test_errors(tf):
    with pytest.raises(tf.errors.InvalidArgumentError, match="same shape"):
        table(tf, ["a", "b"], [1], 0)
    with pytest.raises(ValueError, match="'a' is there twice"):
        table(tf, ["b", "a", "c", "a"], [0, 1, 1, 2], 0)
    with pytest.raises(ValueError, match="strings or integers"):
        table(tf, [0.5], [1], 0)
    symbolic = minikeras.Input((), dtype="string")
    with pytest.raises(ValueError, match="must be numbers"):
        table(tf, ["a"], ["b"], "c").lookup(symbolic)


def test_keys_of_any_shape_and_the_same_pair_twice(tf):
    for keys, values in [
        (["c", "a", "c", "b"], [5, 3, 5, 4]),
        ([["c", "a"], ["c", "b"]], [[5, 3], [5, 4]]),
    ]:
        t = table(tf, keys, values, -1)
        assert int(t.size()) == 3
        assert t.lookup(tf.constant(["a", "b", "c", "d"])).numpy().tolist() == [3, 4, 5, -1]
        assert [x.numpy().tolist() for x in t.export()] == [[b"c", b"a", b"b"], [5, 3, 4]]
    assert int(table(tf, "a", 7, 0).lookup(tf.constant("a"))) == 7


@pytest.mark.parametrize(("key", "value"), [("string", "int64"), ("int64", "string")])
def test_a_table_without_keys_is_refused_as_in_tensorflow(tf, key, value):
    contents = tf.lookup.KeyValueTensorInitializer([], [], key_dtype=key, value_dtype=value)
    with pytest.raises(tf.errors.InvalidArgumentError, match="cannot be empty, as in TensorFlow"):
        tf.lookup.StaticHashTable(contents, default_value="?" if value == "string" else -1)
