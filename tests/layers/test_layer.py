"""What every layer inherits: tracking, names, masks, training, losses, configs."""

from __future__ import annotations

import copy
import gc
import warnings

import numpy as np
import pytest

import minikeras
from minikeras import layers, ops

x23 = np.arange(6, dtype="float32").reshape(2, 3)


@pytest.fixture(autouse=True)
def fresh_names():
    minikeras.utils.clear_session()


class Scale(layers.Layer):
    def build(self, input_shape):
        self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")

    def call(self, inputs):
        return ops.multiply(inputs, self.factor)


def paths(layer):
    return [w.path for w in layer.weights]


# Tracking.


def test_sublayers_are_found_in_attributes_lists_and_dicts():
    class Block(layers.Layer):
        def __init__(self):
            super().__init__()
            self.one = Scale(name="one")
            self.many = [Scale(name="two"), [Scale(name="three")]]
            self.named = {"a": Scale(name="four"), "b": {"c": Scale(name="five")}}
            self.pair = (Scale(name="six"), 3)

        def call(self, x):
            for layer in self._flatten_layers(include_self=False):
                x = layer(x)
            return x

    block = Block()
    block.many.append(Scale(name="seven"))  # appended after the assignment
    block.named["d"] = Scale(name="eight")
    block(x23)
    names = {w.path.split("/")[1] for w in block.weights}
    assert names == {"one", "two", "three", "four", "five", "six", "seven", "eight"}


def test_a_layer_held_twice_is_counted_once():
    class Twice(layers.Layer):
        def __init__(self):
            super().__init__()
            self.a = Scale()
            self.b = [self.a]

        def call(self, x):
            return self.b[0](self.a(x))

    layer = Twice()
    layer(x23)
    assert len(layer.weights) == 1


def test_reassigned_and_deleted_attributes_are_forgotten():
    class Holder(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Scale(name="first")

        def call(self, x):
            return self.inner(x)

    layer = Holder()
    layer.inner = Scale(name="second")
    layer(x23)
    assert paths(layer) == ["holder/second/factor"]
    del layer.inner
    assert layer.weights == []
    layer.inner = None
    assert layer.weights == []


def test_variables_assigned_directly_are_weights():
    class Own(layers.Layer):
        def __init__(self):
            super().__init__()
            self.a = minikeras.Variable(1.0, name="a")
            self.b = [minikeras.Variable(2.0, trainable=False, name="b")]

        def call(self, x):
            return x * self.a + self.b[0]

    layer = Own()
    assert [w.name for w in layer.trainable_weights] == ["a"]
    assert [w.name for w in layer.non_trainable_weights] == ["b"]


def order_layer(library):
    """A layer with own and nested weights, trainable and not, in a tangled order."""

    class Inner(library.layers.Layer):
        def build(self, shape):
            self.fixed = self.add_weight(shape=(1,), trainable=False, name="fixed")
            self.free = self.add_weight(shape=(2,), name="free")

        def call(self, x):
            return x

    class Outer(library.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.first = Inner(name="first")
            self.drop = library.layers.Dropout(0.5)
            self.seconds = [Inner(name="second"), library.layers.Dense(2, name="dense")]

        def build(self, shape):
            self.count = self.add_weight(shape=(), trainable=False, name="count", dtype="int32")
            self.late = self.add_weight(shape=(3,), name="late")
            super().build(shape)

        def call(self, x):
            return self.seconds[1](self.seconds[0](self.drop(self.first(x))))

    return Outer(name="outer")


def test_order_and_names_of_weights_are_keras_s(keras):
    ours, theirs = order_layer(minikeras), order_layer(keras)
    ours(x23)
    theirs(x23)
    for what in ("weights", "trainable_weights", "non_trainable_weights", "trainable_variables"):
        got = [(w.path, tuple(w.shape), w.trainable) for w in getattr(ours, what)]
        assert got == [(w.path, tuple(w.shape), w.trainable) for w in getattr(theirs, what)], what
    # Seeds' states come among the variables at the same places, whatever their names.
    got = [w.path if "seed" not in w.path else "seed" for w in ours.variables]
    assert got == [w.path if "seed" not in w.path else "seed" for w in theirs.variables]
    for layer in (ours, theirs):
        layer.seconds[0].trainable = False
    for what in ("weights", "trainable_weights", "non_trainable_weights"):
        got = [w.path for w in getattr(ours, what)]
        assert got == [w.path for w in getattr(theirs, what)], what


def test_trainable_can_be_switched_off_and_on():
    layer = order_layer(minikeras)
    layer(x23)
    before = [w.path for w in layer.weights]
    trainable = [w.path for w in layer.trainable_weights]
    layer.trainable = False
    assert not layer.trainable_weights
    assert [w.path for w in layer.weights] == before
    assert not layer.first.trainable
    layer.trainable = True
    assert [w.path for w in layer.trainable_weights] == trainable
    assert not layer.count.trainable  # created fixed, stays fixed


def test_frozen_layer_gets_no_gradient():
    layer = Scale(trainable=False)
    with minikeras.GradientTape() as tape:
        y = ops.sum(layer(x23))
    assert layer.trainable_weights == []
    assert tape.gradient(y, layer.weights) == [None]


def test_metrics_of_layers_are_tracked():
    class Counting(layers.Layer):
        def __init__(self):
            super().__init__()
            self.mean = minikeras.metrics.Mean(name="seen")

        def call(self, x):
            self.mean.update_state(ops.mean(x))
            return x

    layer = Counting()
    layer(x23)
    assert [m.name for m in layer.metrics] == ["seen"]
    assert layer.weights == []
    assert float(layer.metrics[0].result()) == pytest.approx(2.5)


# Names and paths.


def test_paths_of_weights_are_keras_s(keras):
    def all_paths(k):
        found = []
        model = k.Sequential([k.Input((3,)), k.layers.Dense(2), k.layers.Dense(2)])
        found += [w.path for w in model.weights]
        later = k.Sequential([k.layers.Dense(2)])
        later(x23)
        found += [w.path for w in later.weights]
        inputs = k.Input((3,))
        functional = k.Model(inputs, k.layers.Dense(1)(k.layers.Dense(2)(inputs)))
        found += [w.path for w in functional.weights]

        class Net(k.Model):
            def __init__(self):
                super().__init__(name="net")
                self.dense = k.layers.Dense(2)
                self.inside = k.Sequential([k.layers.Dense(3, name="deep")], name="stack")

            def call(self, x):
                return self.inside(self.dense(x))

        net = Net()
        net(x23)
        found += [w.path for w in net.weights]
        inputs = k.Input((3,))
        inner = k.Model(inputs, k.layers.Dense(2, name="d")(inputs), name="inner")
        outer_in = k.Input((3,))
        outer = k.Model(outer_in, inner(outer_in), name="outer")
        found += [w.path for w in outer.weights]
        return found

    keras.utils.clear_session()
    minikeras.utils.clear_session()
    assert all_paths(minikeras) == all_paths(keras)


def test_automatic_names_count_from_the_class_name(keras):
    def names(k):
        k.utils.clear_session()
        made = [k.layers.Dense(1), k.layers.Dense(1), k.layers.LeakyReLU(), k.layers.PReLU()]
        made += [k.layers.ReLU(), k.layers.ELU(), k.layers.RepeatVector(2), k.Sequential()]
        return [layer.name for layer in made]

    assert names(minikeras) == names(keras)


def test_names_must_not_hold_a_slash():
    with pytest.raises(ValueError, match="/"):
        layers.Dense(1, name="a/b")


# Building.


def test_build_is_called_once_with_the_shape():
    shapes = []

    class Counting(layers.Layer):
        def build(self, input_shape):
            shapes.append(input_shape)

        def call(self, x):
            return x

    layer = Counting()
    assert not layer.built
    layer(x23)
    layer(np.ones((5, 3), "float32"))
    assert layer.built
    assert shapes == [(2, 3)]


def test_build_may_be_called_by_hand_and_may_call_super():
    class Super(layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight(shape=(input_shape[-1],), name="w")
            super().build(input_shape)

        def call(self, x):
            return x * self.w

    layer = Super(name="s")
    layer.build((None, 3))
    assert layer.built
    layer(x23)
    assert paths(layer) == ["s/w"]
    assert layer.get_build_config() == {"input_shape": (None, 3)}


def test_build_with_several_tensor_arguments():
    class Two(layers.Layer):
        def build(self, a_shape, b_shape):
            self.shapes = [a_shape, b_shape]

        def call(self, a, b):
            return a + ops.sum(b)

    layer = Two()
    layer(x23, np.ones((4, 1), "float32"))
    assert layer.get_build_config() == {"shapes_dict": {"a_shape": (2, 3), "b_shape": (4, 1)}}
    fresh = Two()
    fresh.build_from_config(layer.get_build_config())
    assert fresh.built

    class Wrong(Two):
        def build(self, left_shape, right_shape):
            pass

    with pytest.raises(ValueError, match="left_shape"):
        Wrong()(x23, x23)


def test_weights_may_be_made_in_init_or_in_call():
    class Init(layers.Layer):
        def __init__(self):
            super().__init__(name="made")
            self.w = self.add_weight(shape=(3,), initializer="ones", name="w")

        def call(self, x):
            return x * self.w

    layer = Init()
    np.testing.assert_array_equal(layer(x23), x23)
    assert paths(layer) == ["made/w"]


def test_forgotten_super_init():
    class Forgot(layers.Layer):
        def __init__(self):
            self.dense = layers.Dense(1)

        def call(self, x):
            return self.dense(x)

    with pytest.raises((AttributeError, RuntimeError), match=r"super\(\).__init__\(\)"):
        Forgot()(x23)

    class ForgotPlain(layers.Layer):
        def __init__(self):
            self.number = 3

        def call(self, x):
            return x

    with pytest.raises((AttributeError, RuntimeError), match=r"super\(\).__init__\(\)"):
        ForgotPlain()(x23)


def test_unknown_keyword_names_it():
    with pytest.raises((TypeError, ValueError), match="unit"):
        layers.Dense(3, unit=4)


def test_missing_call():
    with pytest.raises(NotImplementedError, match="Nothing"):
        type("Nothing", (layers.Layer,), {})()(x23)


def test_add_weight_follows_its_arguments():
    layer = layers.Layer(name="base", dtype="float32")
    w = layer.add_weight(
        shape=(2,), initializer="ones", dtype="int32", trainable=False, name="count"
    )
    assert (w.dtype, w.trainable, w.path, w.shape) == ("int32", False, "base/count", (2,))
    w = layer.add_weight(
        shape=(2, 2), regularizer="l2", constraint="non_neg", initializer="ones", name="w"
    )
    assert w.regularizer is not None and w.constraint is not None
    assert float(layer.losses[0]) == pytest.approx(0.04)
    assert layer.add_weight(name="scalar").shape == ()
    with pytest.raises(ValueError, match="glorot_uniform"):
        layer.add_weight(shape=(2,), initializer="glorot_unifrm")


# Calls: what goes in.


def test_lists_numbers_and_arrays_go_in():
    layer = Scale()
    for given in ([[1.0, 2.0, 3.0]], np.array([[1, 2, 3]], "float64"), ops.ones((1, 3))):
        y = layer(given)
        assert isinstance(y, ops.ones(1).__class__) and y.shape == (1, 3)
        assert y.dtype == "float32"


def test_integers_stay_integers_without_autocast_of_floats():
    class Same(layers.Layer):
        def call(self, x):
            return x

    assert Same()(np.array([1, 2])).dtype.kind == "i"
    assert Same()(np.array([1.0, 2.0])).dtype == "float32"
    assert Same(autocast=False)(np.array([1.0, 2.0])).dtype == "float64"
    assert Same(dtype="float16")(np.array([1.0, 2.0])).dtype == "float16"


def test_input_spec_errors_name_the_layer():
    dense = layers.Dense(2, name="head")
    dense.build((None, 3))
    with pytest.raises(ValueError, match="head.*axis -1"):
        dense(np.ones((2, 4), "float32"))
    with pytest.raises(ValueError, match="head.*min_ndim=2"):
        dense(np.ones(3, "float32"))
    dense(np.ones((2, 3), "float32"))
    with pytest.raises(ValueError, match="head"):  # also after a call that took the short way
        dense(np.ones((2, 4), "float32"))

    class Picky(layers.Layer):
        def __init__(self, spec):
            super().__init__(name="picky")
            self.input_spec = spec

        def call(self, x):
            return x

    spec = layers.InputSpec
    with pytest.raises(ValueError, match="picky.*ndim=3"):
        Picky(spec(ndim=3))(x23)
    with pytest.raises(ValueError, match="picky.*max_ndim=1"):
        Picky(spec(max_ndim=1))(x23)
    with pytest.raises(ValueError, match="picky.*int32"):
        Picky(spec(dtype="int32"))(x23)
    with pytest.raises(ValueError, match="picky.*shape"):
        Picky(spec(shape=(None, 4)))(x23)
    with pytest.raises(ValueError, match=r"picky.*2 input"):
        Picky([spec(ndim=2), spec(ndim=2)])([x23])
    Picky(spec(shape=(None, 3), axes={1: 3}))(x23)
    Picky([spec(ndim=2), spec(ndim=1)])([x23, x23[0]])


def test_strings_are_refused():
    with pytest.raises((TypeError, ValueError)):
        layers.Dense(2)(np.array([["a", "b"]]))


# The training argument.


class Training(layers.Layer):
    """Notes what it was told."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seen = None

    def call(self, x, training=None):
        self.seen = training
        return x


def test_training_goes_down_to_sublayers():
    class Outer(layers.Layer):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def call(self, x):  # takes no `training` itself
            return self.inner(x)

    class Fixed(Outer):
        def call(self, x):
            return self.inner(x, training=False)

    inner = Training()
    outer = Outer(Outer(inner))
    for given, expected in ((True, True), (False, False), (None, None)):
        outer(x23, training=given) if given is not None else outer(x23)
        assert inner.seen is expected
    Fixed(inner)(x23, training=True)
    assert inner.seen is False


def test_training_in_models(keras):
    def seen(k):
        class Note(k.layers.Layer):
            def call(self, x, training=None):
                self.seen = training
                return x

        note = Note()
        found = []
        inputs = k.Input((3,))
        for model in (k.Sequential([note]), k.Model(inputs, note(inputs))):
            for kwargs in ({}, {"training": True}, {"training": False}):
                model(x23, **kwargs)
                found.append(note.seen)
        return found

    assert seen(minikeras) == seen(keras)


def test_training_default_of_the_signature():
    class Default(layers.Layer):
        def call(self, x, training=True):
            return x + (1.0 if training else 0.0)

    layer = Default()
    assert float(layer(np.zeros((1, 1)))[0, 0]) == 1
    assert float(layer(np.zeros((1, 1)))[0, 0]) == 1
    assert float(layer(np.zeros((1, 1)), training=False)[0, 0]) == 0


def test_only_tensors_come_by_position():
    with pytest.raises(ValueError, match=r"Training\.call: only tensors .* Received: True"):
        Training()(x23, True)


# Masks.


class Mask(layers.Layer):
    """Notes the mask that it gets."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.seen = "nothing"

    def call(self, x, mask=None):
        self.seen = None if mask is None else np.asarray(mask)
        return x


indices = np.array([[1, 2, 0], [3, 0, 0]])
expected_mask = indices != 0


@pytest.mark.parametrize("kind", ["sequential", "functional", "calls"])
def test_embedding_mask_reaches_downstream(kind):
    note = Mask()
    parts = [layers.Embedding(5, 4, mask_zero=True), layers.Dense(2), layers.Dropout(0.1), note]
    if kind == "sequential":
        minikeras.Sequential(parts)(indices)
    elif kind == "functional":
        inputs = minikeras.Input((None,), dtype="int32")
        x = inputs
        for part in parts:
            x = part(x)
        minikeras.Model(inputs, x)(indices)
    else:
        x = indices
        for _ in range(2):  # the second round may take the short way
            x = indices
            for part in parts:
                x = part(x)
    np.testing.assert_array_equal(note.seen, expected_mask)


def test_masking_layer_marks_timesteps(keras):
    x = np.array([[[1.0, 2.0], [0, 0], [0, 1]], [[0, 0], [3, 0], [0, 0]]], "float32")
    note = Mask()
    y = note(layers.Masking()(x))
    np.testing.assert_array_equal(note.seen, [[True, False, True], [False, True, False]])
    np.testing.assert_array_equal(y, x)
    theirs = keras.layers.Masking()(x)
    mask = keras.src.backend.get_keras_mask(theirs)
    np.testing.assert_array_equal(note.seen, np.asarray(mask))


def test_a_layer_without_masking_warns_once_and_drops_the_mask():
    class Plain(layers.Layer):
        def call(self, x):
            return x * 1.0

    note, plain = Mask(), Plain()
    embedding = layers.Embedding(5, 4, mask_zero=True)
    with pytest.warns(UserWarning, match="does not support masking"):
        note(plain(embedding(indices)))
    assert note.seen is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        note(plain(embedding(indices)))


def test_own_compute_mask_is_used():
    class Shorter(layers.Layer):
        def __init__(self):
            super().__init__()
            self.supports_masking = True

        def call(self, x):
            return x[:, 1:]

        def compute_mask(self, inputs, previous_mask=None):
            return None if previous_mask is None else previous_mask[:, 1:]

    note = Mask()
    note(Shorter()(layers.Embedding(5, 4, mask_zero=True)(indices)))
    np.testing.assert_array_equal(note.seen, expected_mask[:, 1:])


def test_masks_of_merging_layers(keras):
    def masks(k):
        e = k.layers.Embedding(5, 4, mask_zero=True, embeddings_initializer="ones")
        other = np.array([[0, 2, 0], [3, 4, 0]])
        a, b = e(indices), e(other)
        plain = np.ones((2, 3, 4), "float32")
        get = getattr(getattr(k, "src", None), "backend", None)
        found = []
        for layer in (k.layers.Add(), k.layers.Multiply(), k.layers.Concatenate(axis=1)):
            for inputs in ([a, b], [a, plain]):
                y = layer(inputs)
                m = get.get_keras_mask(y) if get else y._keras_mask
                found.append(None if m is None else np.asarray(m).tolist())
        m = k.layers.Concatenate()([a, b])
        m = get.get_keras_mask(m) if get else m._keras_mask
        return [*found, np.asarray(m).tolist()]

    assert masks(minikeras) == masks(keras)


def test_mask_given_by_hand_wins():
    note = Mask()
    x = layers.Embedding(5, 4, mask_zero=True)(indices)
    note(x, mask=np.ones((2, 3), bool))
    assert note.seen.all()


def test_masks_of_second_arguments_by_name():
    class Two(layers.Layer):
        def call(self, query, value, value_mask=None):
            self.seen = value_mask
            return query

    layer = Two()
    layer(x23, layers.Embedding(5, 4, mask_zero=True)(indices))
    np.testing.assert_array_equal(np.asarray(layer.seen), expected_mask)


# Losses.


def test_losses_are_those_of_the_last_call():
    class Penalty(layers.Layer):
        def call(self, x):
            self.add_loss(ops.sum(x))
            return x

    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.parts = [Penalty(), Penalty()]

        def call(self, x):
            for part in self.parts:
                x = part(x)
            return x * 2.0

    layer = Outer()
    for _ in range(3):
        layer(x23)
        assert [float(v) for v in layer.losses] == [15.0, 15.0]
    layer.parts[0](x23)  # alone
    assert [float(v) for v in layer.losses] == [15.0, 15.0]


def test_add_loss_has_gradients():
    class Penalty(layers.Layer):
        def call(self, x):
            self.add_loss([ops.sum(x * x), 3.0])
            return x

    layer = Penalty()
    x = ops.convert_to_tensor(x23)
    with minikeras.GradientTape() as tape:
        tape.watch(x)
        layer(x)
        total = sum(layer.losses)
    np.testing.assert_allclose(tape.gradient(total, x), 2 * x23)
    assert float(layer.losses[1]) == 3.0


def test_regularizers_and_activity_are_losses(keras):
    def losses(k):
        layer = k.layers.Dense(
            2,
            kernel_regularizer="l1",
            bias_regularizer=k.regularizers.L2(0.5),
            activity_regularizer="l2",
            kernel_initializer="ones",
            bias_initializer="ones",
        )
        layer(x23)
        layer(x23)
        found = [float(v) for v in layer.losses]
        layer.trainable = False
        return found, [float(v) for v in layer.losses]

    for got, wanted in zip(losses(minikeras), losses(keras)):
        np.testing.assert_allclose(got, wanted, rtol=1e-6)


def test_losses_do_not_pile_up_in_memory():
    layer = layers.ActivityRegularization(l2=0.1)
    model = minikeras.Sequential([layer])
    for _ in range(5):
        model(x23)
    assert len(layer.added_losses) == 1


# Custom layers in functional models.


def test_custom_layers_are_described_by_what_they_have(keras):
    def shapes(k):
        class OnlyCall(k.layers.Layer):
            def call(self, x):
                return k.ops.concatenate([x, x * 2.0], axis=-1)

        class WithShape(k.layers.Layer):
            def call(self, x):
                return k.ops.sum(x, axis=-1)

            def compute_output_shape(self, input_shape):
                return input_shape[:-1]

        class WithSpec(k.layers.Layer):
            def call(self, x):
                return k.ops.cast(x, "int32")

            def compute_output_spec(self, x):
                return k.KerasTensor(x.shape, dtype="int32")

        class Several(k.layers.Layer):
            def call(self, x):
                return {"a": x, "b": [k.ops.mean(x, axis=0), k.ops.expand_dims(x, 1)]}

        class Nested(k.layers.Layer):
            def __init__(self):
                super().__init__()
                self.dense = k.layers.Dense(7)

            def call(self, x):
                return k.ops.relu(self.dense(x))

        found = []
        for cls in (OnlyCall, WithShape, WithSpec, Several, Nested):
            inputs = k.Input((4,))
            outputs = cls()(inputs)
            flat = minikeras.tree.flatten(outputs)
            found.append([(tuple(t.shape), t.dtype) for t in flat])
            model = k.Model(inputs, outputs)
            y = model(np.ones((3, 4), "float32"))
            found.append([tuple(t.shape) for t in minikeras.tree.flatten(y)])
        return found

    assert shapes(minikeras) == shapes(keras)


def test_compute_output_shape_without_an_override():
    class Widen(layers.Layer):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(5)

        def call(self, x):
            return ops.concatenate([x, self.dense(x)], axis=-1)

    assert Widen().compute_output_shape((None, 3)) == (None, 8)
    assert Widen().compute_output_shape((2, 3)) == (2, 8)


def test_symbolic_calls_do_not_run_user_side_effects_on_data():
    layer = layers.Dense(2)
    t = layer(minikeras.KerasTensor((None, 3)))
    assert t.shape == (None, 2)
    assert layer.built
    with pytest.raises((TypeError, ValueError), match="KerasTensor"):
        np.asarray(t)


# Stateless calls.


def test_stateless_call_leaves_the_layer_alone_and_has_gradients():
    layer = layers.Dense(2, kernel_regularizer="l2")
    layer(x23)
    kernel, bias = layer.get_weights()
    values = [ops.convert_to_tensor(kernel * 2), ops.convert_to_tensor(bias + 1)]
    y, state = layer.stateless_call(values, [], x23)
    np.testing.assert_allclose(y, x23 @ (2 * kernel) + 1, rtol=1e-5)
    assert state == []
    np.testing.assert_array_equal(layer.get_weights()[0], kernel)

    def loss(weights):
        y, _, losses = layer.stateless_call(weights, [], x23, return_losses=True)
        return ops.sum(y * y) + losses[0]

    value, grads = minikeras.value_and_grad(loss)(values)
    y = x23 @ (2 * kernel) + 1
    np.testing.assert_allclose(grads[0], x23.T @ (2 * y) + 0.02 * 2 * kernel, rtol=1e-4)
    np.testing.assert_allclose(grads[1], (2 * y).sum(0), rtol=1e-4)
    assert float(value) == pytest.approx((y**2).sum() + 0.01 * (4 * kernel**2).sum(), rel=1e-5)


def test_stateless_call_returns_new_states():
    class Counter(layers.Layer):
        def build(self, shape):
            self.count = self.add_weight(shape=(), initializer="zeros", trainable=False)

        def call(self, x):
            self.count.assign_add(1.0)
            return x

    layer = Counter()
    layer.build((2, 3))
    _, (count,) = layer.stateless_call([], [np.float32(5)], x23)
    assert float(count) == 6
    assert float(layer.count.numpy()) == 0
    with pytest.raises(ValueError, match="non_trainable_variables"):
        layer.stateless_call([], [], x23)
    with pytest.raises(ValueError, match="built"):
        Counter().stateless_call([], [], x23)


# Configs.


@minikeras.utils.register_keras_serializable("tests")
class WithConfig(layers.Layer):
    def __init__(self, size, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.size = size
        self.activation = minikeras.activations.get(activation)

    def call(self, x):
        return self.activation(x) * self.size

    def get_config(self):
        config = super().get_config()
        config.update(size=self.size, activation=minikeras.activations.serialize(self.activation))
        return config


@minikeras.utils.register_keras_serializable("tests")
class WithoutConfig(layers.Layer):
    def __init__(self, size, inner=None, *, scale=2.0, **kwargs):
        super().__init__(**kwargs)
        self.size, self.scale = size, scale
        self.inner = inner or layers.Identity()

    def call(self, x):
        return self.inner(x) * self.size * self.scale


def test_configs_of_user_layers():
    layer = WithConfig(3, "tanh", name="mine", trainable=False)
    twin = WithConfig.from_config(layer.get_config())
    assert (twin.size, twin.name, twin.trainable) == (3, "mine", False)
    assert twin.activation is minikeras.activations.tanh
    again = minikeras.layers.deserialize(minikeras.layers.serialize(layer))
    assert again.get_config() == layer.get_config()


def test_arguments_are_noted_where_there_is_no_get_config():
    layer = WithoutConfig(3, inner=layers.Dense(2, name="d"), scale=0.5, name="auto")
    config = layer.get_config()
    assert config["size"] == 3 and config["scale"] == 0.5 and config["name"] == "auto"
    twin = WithoutConfig.from_config(config)
    assert isinstance(twin.inner, layers.Dense) and twin.inner.units == 2
    again = minikeras.layers.deserialize(minikeras.layers.serialize(layer))
    assert again.scale == 0.5


def test_from_config_error_names_the_class():
    with pytest.raises(TypeError, match="WithConfig"):
        WithConfig.from_config({"nothing": 1})


def test_dtype_policy_in_config_and_change():
    layer = layers.Dense(2, dtype="mixed_float16")
    assert layer.dtype_policy.name == "mixed_float16"
    assert (layer.compute_dtype, layer.variable_dtype) == ("float16", "float32")
    twin = layers.Dense.from_config(layer.get_config())
    assert twin.dtype_policy.name == "mixed_float16"
    twin.dtype_policy = "float32"
    assert twin(x23).dtype == "float32"


# The rest.


def test_state_of_a_failed_call_is_put_back():
    class Fails(layers.Layer):
        def call(self, x):
            raise KeyError("user")

    outer = minikeras.Sequential([layers.Dense(2), Fails()])
    with pytest.raises(KeyError, match="user"):
        outer(x23)
    note = Training()
    note(x23)
    assert note.seen is None
    fresh = layers.Dense(1, name="fresh")
    fresh(x23)
    assert paths(fresh) == ["fresh/kernel", "fresh/bias"]


def test_layers_can_be_copied():
    layer = layers.Dense(2)
    layer(x23)
    twin = copy.deepcopy(layer)
    np.testing.assert_array_equal(twin(x23), layer(x23))
    twin.kernel.assign(twin.kernel * 0)
    assert np.any(np.asarray(layer.kernel) != 0)


def test_repr_says_name_and_state():
    layer = layers.Dense(2, name="d")
    assert repr(layer) == "<Dense name=d, built=False>"
    layer(x23)
    assert repr(layer) == "<Dense name=d, built=True>"


def test_own_variables_go_into_a_store():
    layer = layers.Dense(2)
    layer(x23)
    store = {}
    layer.save_own_variables(store)
    assert sorted(store) == ["0", "1"]
    other = layers.Dense(2)
    other.build((None, 3))
    other.load_own_variables(store)
    np.testing.assert_array_equal(other(x23), layer(x23))
    with pytest.raises(ValueError, match="expected 2 variables"):
        other.load_own_variables({"0": store["0"]})


def test_layers_are_freed_without_the_collector():
    import weakref

    gc.collect()
    gc.disable()
    try:
        layer = layers.Dense(2)
        with minikeras.GradientTape() as tape:
            y = ops.sum(layer(x23))
        tape.gradient(y, layer.weights)
        gone = weakref.ref(y)
        del y, tape
        assert gone() is None
        gone = weakref.ref(layer.kernel)
        del layer
        assert gone() is None
    finally:
        gc.enable()


# What a layer refuses, and what it takes.


@pytest.mark.parametrize("value", ["yes", None, 1, np.bool_(True)])
def test_trainable_is_a_boolean(value):
    with pytest.raises(
        ValueError, match="Dense: argument `trainable` must be .*Received: trainable="
    ):
        layers.Dense(2, trainable=value)


@pytest.mark.parametrize("given", ["text", 3, True, [1, 2], {"a": 1}, len, object()])
def test_other_arguments_than_tensors_come_by_name(given):
    class Takes(layers.Layer):
        def call(self, x, other=None):
            self.got = other
            return x

    with pytest.raises(ValueError, match=r"Takes\.call: only tensors may be passed as positional"):
        Takes()(x23, given)
    layer = Takes()
    layer(x23, other=given)
    layer(x23, None)
    assert layer.got is None


NEW_STATE = {
    "a variable": lambda: minikeras.Variable(1.0),
    "a layer": lambda: layers.Dense(2),
    "a metric": lambda: minikeras.metrics.Mean(),
    "a seed": lambda: minikeras.random.SeedGenerator(1),
    "a list": lambda: [layers.Dense(2)],
    "a dict": lambda: {"a": {"b": layers.Dense(2)}},
}


@pytest.mark.parametrize("what", NEW_STATE)
@pytest.mark.parametrize(
    "make", [lambda: layers.Dense(2), layers.ReLU, lambda: Nested(), lambda: NestedModel()]
)
def test_a_built_layer_takes_no_new_state(make, what):
    layer = make()
    layer.before = NEW_STATE[what]()
    layer(x23)
    n = len(layer.variables)
    with pytest.raises(
        ValueError, match=rf"Layer '{layer.name}' .* is built already: no variables"
    ):
        layer.after = NEW_STATE[what]()
    with pytest.raises(ValueError, match="is built already"):
        layer.add_weight((2,), name="late")
    assert not hasattr(layer, "after") and len(layer.variables) == n
    layer.before = layer.again = layer.before  # what is there may be assigned again
    layer.others = [1, 2], {"a": x23}, minikeras.optimizers.SGD(), ops.ones(2)
    layer(x23)


class Nested(layers.Layer):
    def __init__(self):
        super().__init__()
        self.inner = layers.Dense(2)

    def call(self, x):
        return self.inner(x)


class NestedModel(minikeras.Model):
    def __init__(self):
        super().__init__()
        self.inner = layers.Dense(2)

    def call(self, x):
        return self.inner(x)


def test_a_layer_is_built_once():
    layer = layers.Dense(2)
    layer.build((None, 3))
    with pytest.raises(ValueError, match="is built already"):
        layer.build((None, 4))


def test_build_gets_the_shapes_of_masks_that_it_names():
    class Attends(layers.Layer):
        def build(self, x_shape, attention_mask_shape=None):
            self.shapes = x_shape, attention_mask_shape

        def call(self, x, attention_mask=None):
            return x

    layer = Attends()
    layer(x23, attention_mask=np.ones((2, 2)))
    assert layer.shapes == ((2, 3), (2, 2))
    layer = Attends()
    layer(x23)
    assert layer.shapes == ((2, 3), None)


def test_configs_that_come_by_themselves_hold_defaults():
    class Plain(layers.Layer):
        def __init__(self, units, rate=0.5, *, name=None, trainable=True):
            super().__init__(name=name, trainable=trainable)

    config = Plain(3, name="p", trainable=False).get_config()
    assert config == {"units": 3, "rate": 0.5, "name": "p", "trainable": False}
    assert Plain.from_config(config).get_config() == config

    class Step(minikeras.Operation):
        def __init__(self, size, base=2, *, name=None):
            super().__init__(name=name)

        def call(self, x):
            return x

    assert Step(1).get_config() == {"size": 1, "base": 2, "name": "step"}
    assert Step.from_config(Step(1, 5, name="s").get_config()).get_config()["base"] == 5


def test_a_config_of_a_subclass_makes_the_layers_in_it():
    class Twice(layers.Bidirectional):
        def get_config(self):
            return {**super().get_config(), "factor": {"class_name": "kept as it is"}}

        def __init__(self, *args, factor=None, **kwargs):
            super().__init__(*args, **kwargs)
            self.factor = factor

    twin = Twice.from_config(Twice(layers.LSTM(2), name="t").get_config())
    assert twin.factor == {"class_name": "kept as it is"}
    assert [part.name for part in twin._layers] == ["forward_lstm", "backward_lstm"]


def test_lambda_is_built_by_its_first_call_and_supports_no_masks():
    layer = layers.Lambda(lambda x: x)
    assert not layer.built and not layer.supports_masking
    layer(x23)
    assert layer.built


def test_built_and_supports_masking_are_as_in_keras(keras):
    for ours, theirs in (
        (layers.Flatten(), keras.layers.Flatten()),
        (layers.Permute((2, 1)), keras.layers.Permute((2, 1))),
        (layers.Dropout(0.5), keras.layers.Dropout(0.5)),
        (layers.MaxPooling1D(), keras.layers.MaxPooling1D()),
        (layers.ZeroPadding1D(), keras.layers.ZeroPadding1D()),
        (layers.ReLU(), keras.layers.ReLU()),
        (layers.Reshape((3,)), keras.layers.Reshape((3,))),
        (layers.Lambda(len), keras.layers.Lambda(len)),
    ):
        assert (ours.built, ours.supports_masking) == (theirs.built, theirs.supports_masking)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (lambda: layers.Dense(2, activation="relu"), (2, 3)),
        (lambda: layers.EinsumDense("ab,bc->ac", 2, activation="softmax", bias_axes="c"), (2, 3)),
        (lambda: layers.EinsumDense("abc,bcd->ad", 2, activation="tanh"), (2, 3, 2)),
        (lambda: layers.Conv1D(2, 1, activation="gelu"), (2, 3, 2)),
        (lambda: layers.Conv1DTranspose(2, 1, activation="relu"), (2, 3, 2)),
        (lambda: layers.DepthwiseConv1D(1, activation="relu"), (2, 3, 2)),
        (lambda: layers.SeparableConv1D(2, 1, activation="relu"), (2, 3, 2)),
    ],
)
def test_an_activation_may_be_taken_away(layer, shape):
    minikeras.utils.set_random_seed(1)  # weights for which the activation matters
    layer = layer()
    x = np.linspace(-1, 1, int(np.prod(shape)), dtype="float32").reshape(shape)
    before = layer(x)
    activation, layer.activation = layer.activation, None
    y = layer(x)
    np.testing.assert_allclose(activation(y), before, rtol=1e-6)
    assert not np.allclose(y, before)
    assert layer.get_config()["activation"] is None


def test_a_shallow_copy_shares_weights_and_keeps_its_own_account():
    layer = layers.Dense(2)
    twin = copy.copy(layer)
    twin.only_here = layers.Dense(3)
    assert [len(x._layers) for x in (layer, twin)] == [0, 1]
    layer(x23)
    twin = copy.copy(layer)
    assert twin.kernel is layer.kernel and twin._tracked is not layer._tracked
    np.testing.assert_array_equal(twin(x23), layer(x23))


def test_gradients_of_a_layer_called_twice_add_up():
    dense = layers.Dense(1, use_bias=False, kernel_initializer="ones")
    x, z = np.array([[1.0, 2.0]], "float32"), np.array([[3.0, 5.0]], "float32")
    with minikeras.GradientTape() as tape:
        total = minikeras.ops.sum(dense(x)) + 2 * minikeras.ops.sum(dense(z))
    np.testing.assert_allclose(tape.gradient(total, dense.kernel)[:, 0], [7, 12])


def test_kernels_of_a_layer_are_drawn_apart():
    cell = layers.LSTMCell(4, recurrent_initializer="glorot_uniform")
    cell.build((None, 4))
    assert (np.asarray(cell.kernel) != np.asarray(cell.recurrent_kernel)).any()
    separable = layers.SeparableConv1D(3, 1)  # both kernels are (1, 3, ...) by glorot_uniform
    separable.build((None, 5, 3))
    a, b = np.asarray(separable.depthwise_kernel).ravel(), separable.pointwise_kernel
    assert not np.isin(a, np.asarray(b)).any()
    attention = layers.MultiHeadAttention(2, 3)
    attention(np.ones((1, 2, 6), "float32"), np.ones((1, 2, 6), "float32"))
    query, key = attention.get_weights()[0], attention.get_weights()[2]
    assert query.shape == key.shape and (query != key).any()


def test_copies_keep_penalties_and_constraints():
    dense = layers.Dense(2, kernel_regularizer="l2", bias_constraint="non_neg")
    dense.build((None, 3))
    twin = copy.deepcopy(dense)
    assert type(twin.kernel.regularizer).__name__ == "L2"
    assert type(twin.bias.constraint).__name__ == "NonNeg"
    np.testing.assert_allclose(twin.losses, dense.losses)
    assert len(twin.losses) == 1


def test_an_index_that_is_input_dim_is_refused():
    embedding = layers.Embedding(3, 2)
    assert embedding(np.array([2])).shape == (1, 2)
    with pytest.raises(ValueError, match="index 3"):
        embedding(np.array([0, 3]))


def test_the_shape_of_outputs_builds_a_layer_that_describes_itself():
    class Projection(layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight(shape=(input_shape[-1], 4))

        def call(self, x):
            return ops.matmul(x, self.w)

    layer = Projection(name="projection")
    assert layer.compute_output_shape((None, 3)) == (None, 4)
    assert layer.built and layer.w.shape == (3, 4) and layer.w.path == "projection/variable"
    assert layer.compute_output_shape((2, 3)) == (2, 4)


# The short way of calls that are like the last full one.


def full_calls(monkeypatch):
    """Return a list to which each full call appends the name of its layer."""
    names, full = [], layers.Layer._full_call

    def noted(layer, *args):
        names.append(layer.name)
        return full(layer, *args)

    monkeypatch.setattr(layers.Layer, "_full_call", noted)
    return names


def test_calls_on_several_tensors_take_the_short_way(monkeypatch):
    x = ops.convert_to_tensor(np.ones((2, 4, 6), "float32"))
    attention = layers.MultiHeadAttention(2, 3, name="attention")
    for layer, args, kwargs in (
        (layers.Add(name="add"), ([x, x],), {}),
        (layers.Concatenate(name="concatenate"), ([x, x],), {}),
        (attention, (x, x), {"use_causal_mask": True, "training": False}),
        (layers.LSTM(3, name="lstm"), (x,), {"mask": None, "training": False}),
    ):
        first = layer(*args, **kwargs)
        names = full_calls(monkeypatch)
        np.testing.assert_array_equal(layer(*args, **kwargs), first)
        assert layer.name not in names
        monkeypatch.undo()


def test_calls_on_other_tensors_take_the_full_way(monkeypatch):
    x = ops.convert_to_tensor(np.ones((2, 4), "float32"))
    masked = ops.convert_to_tensor(np.ones((2, 4), "float32"))
    masked._keras_mask = ops.convert_to_tensor(np.array([True, False]))
    add = layers.Add(name="add")
    add([x, x])
    names = full_calls(monkeypatch)
    for args in ([x, ops.ones((2, 1))], [x, ops.ones((2, 4), "int32")], [x, np.ones((2, 4))]):
        np.testing.assert_array_equal(add(args), np.full((2, 4), 2))
        add([x, x])
    add([masked, x])
    assert add([masked, masked])._keras_mask is not None
    with pytest.raises(ValueError, match="list of"):
        add(x)
    assert names.count("add") >= 6


def test_a_mask_that_a_subclass_makes_comes_each_time():
    class Marks(layers.Add):
        def compute_mask(self, inputs, mask=None):
            return ops.ones((2,), "bool")

    x = ops.convert_to_tensor(np.ones((2, 4), "float32"))
    add = Marks()
    for _ in range(3):
        assert add([x, x])._keras_mask is not None


def test_a_list_is_not_taken_for_as_many_arguments():
    x, state = ops.ones((4, 5, 3)), ops.ones((4, 6))
    gru, add = layers.GRU(6), layers.Add()
    gru(x, state)
    add([state, state])
    for _ in range(2):
        with pytest.raises(ValueError, match=r"expected 1 input\(s\)"):
            gru([x, state])
        with pytest.raises(TypeError, match="positional arguments"):
            add(state, state)
        add([state, state])


def test_a_layer_that_changes_the_list_of_its_inputs_changes_a_copy():
    class Doubled(layers.Layer):
        def call(self, inputs):
            inputs[0] = inputs[0] * 2
            return inputs[0] + inputs[1]

    x = ops.ones((2, 3))
    given, layer = [x, x], Doubled()
    for _ in range(3):
        np.testing.assert_array_equal(layer(given), np.full((2, 3), 3))
        assert given[0] is x


@pytest.mark.parametrize("policy", ["float64", "float16"])
def test_variables_are_cast_as_tensors_are(policy):
    """After one in float32 tensors in float32 took the short way, uncast."""
    x = minikeras.Variable(np.ones((2, 9, 9, 8), "float32"))
    layer = layers.Conv2D(16, 5, dtype=policy)
    with minikeras.GradientTape() as tape:
        y = layer(x)
    assert tape.gradient(y, x).dtype == "float32"
    for given in (x, ops.convert_to_tensor(x)):
        np.testing.assert_array_equal(layer(given), y)
        assert layer(given).dtype == policy
