"""Rows of tables that are added or concatenated in one step: the same results as layer by layer."""

import copy
import pickle

import numpy as np
import pytest

import minikeras
from minikeras import layers
from minikeras.ops.function import Join

INDICES = np.random.default_rng(0).integers(0, 7, (12, 4)).astype("int32")
NUMBERS = np.random.default_rng(1).normal(size=(12, 3)).astype("float32")
Y = np.random.default_rng(2).normal(size=(12, 1)).astype("float32")


@pytest.fixture(autouse=True)
def seed():
    minikeras.utils.set_random_seed(0)


def wide_and_deep(dtype="int32", make=layers.Embedding, **kwargs):
    """One table of each is read for two columns."""
    indices, numbers = minikeras.Input((4,), dtype=dtype), minikeras.Input((3,))
    columns = [indices[:, i] for i in range(4)]
    one, other = make(7, 1, **kwargs), make(7, 1, **kwargs)
    wide = layers.Add()([one(columns[0]), other(columns[1]), one(columns[2])])
    one, other = make(7, 3, **kwargs), make(7, 2, **kwargs)
    parts = [one(columns[0]), numbers, other(columns[3]), one(columns[3])]
    deep = layers.Dense(1)(layers.Concatenate()(parts))
    model = minikeras.Model([indices, numbers], layers.Add()([wide, deep]))
    model.compile("adam", "mse")
    return model


def joins(model):
    return [step[0] for step in model.graph._short_plan if isinstance(step[0], Join)]


def apart(model):
    """Return a copy that calls one layer after the other."""
    other = copy.deepcopy(model)
    other.graph._short_plan = other.graph._plan
    return other


def trained(model, x=INDICES):
    model.fit([x, NUMBERS], Y, batch_size=6, epochs=3, shuffle=False, verbose=0)
    return [model.predict([x, NUMBERS], verbose=0), *model.get_weights()]


def taken_in(monkeypatch):
    """Return a list that is told which calls joined rows in one step."""
    told = []
    for layer in (layers.Add, layers.Concatenate):
        joined = layer._joins_rows

        def noted(self, *args, joined=joined):
            told.append(type(self).__name__)
            return joined(self, *args)

        monkeypatch.setattr(layer, "_joins_rows", noted)
    return told


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_training_is_that_of_the_layers_one_by_one(dtype, monkeypatch):
    model = wide_and_deep(dtype)
    other = apart(model)
    assert len(joins(model)) == 2 and len(model.graph._short_plan) < len(model.graph._plan)
    told = taken_in(monkeypatch)
    for a, b in zip(trained(model, INDICES.astype(dtype)), trained(other), strict=True):
        np.testing.assert_array_equal(a, b)
    assert {"Add", "Concatenate"} == set(told)


def test_second_derivatives_go_through():
    model = wide_and_deep()
    x = [minikeras.ops.convert_to_tensor(a) for a in (INDICES, NUMBERS)]

    def slopes(model):
        with minikeras.GradientTape() as outer:
            with minikeras.GradientTape() as inner:
                loss = minikeras.ops.mean(model(x) ** 3)
            first = inner.gradient(loss, model.trainable_variables)
            size = sum(minikeras.ops.sum(g * g) for g in first)
        return outer.gradient(size, model.trainable_variables)

    model(x)  # which lets the next call take the short way
    for a, b in zip(slopes(model), slopes(apart(model)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_gradients_of_examples_are_clipped():
    results = []
    for change in (lambda model: model, apart):
        minikeras.utils.set_random_seed(0)
        model = change(wide_and_deep())
        model.compile(minikeras.optimizers.SGD(0.1, clipnorm_per_sample=0.2), "mse")
        results.append(trained(model))
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize(("column", "name"), [(1, "embedding_1"), (3, "embedding_3")])
@pytest.mark.parametrize("wrong", [-1, 7])
def test_an_index_out_of_range_names_its_layer(dtype, column, name, wrong):
    minikeras.utils.clear_session()
    model = wide_and_deep(dtype)
    x = INDICES.astype(dtype)
    model([x, NUMBERS])
    x[5, column] = wrong
    with pytest.raises(ValueError, match=f"'{name}': index {wrong} is out of range"):
        model([x, NUMBERS])


def test_copies_and_pickles_join_too():
    model = wide_and_deep()
    y = model.predict([INDICES, NUMBERS], verbose=0)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert len(joins(other)) == 2
        np.testing.assert_array_equal(other.predict([INDICES, NUMBERS], verbose=0), y)


class Doubled(layers.Embedding):
    def call(self, inputs):
        return super().call(inputs) * 2


@pytest.mark.parametrize(
    "options",
    [{"make": Doubled}, {"mask_zero": True}, {"activity_regularizer": "l2"}, {"lora_rank": 1}],
    ids=str,
)
def test_a_layer_that_does_more_is_called(options, monkeypatch):
    model = wide_and_deep(**options)
    other = apart(model)
    told = taken_in(monkeypatch)
    for a, b in zip(trained(model), trained(other), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not told


def test_what_somebody_else_sees_stays_apart():
    indices = minikeras.Input((2,), dtype="int32")
    first, second = layers.Embedding(7, 2)(indices[:, 0]), layers.Embedding(7, 2)(indices[:, 1])
    model = minikeras.Model(indices, [layers.Concatenate()([first, second]), first])
    ((join,),) = [[step for step in model.graph._short_plan if isinstance(step[0], Join)]]
    assert [layer is None for layer in join[0].before] == [True, False]
    both, seen = model(INDICES[:, :2])
    both, seen = model(INDICES[:, :2])
    np.testing.assert_array_equal(both.numpy()[:, :2], seen)


def test_other_axes_and_shapes_are_merged_one_by_one():
    indices = minikeras.Input((2,), dtype="int32")
    tables = [layers.Embedding(7, 3)(indices), layers.Embedding(7, 3)(indices)]
    below = layers.Concatenate(axis=1)(tables)
    wide = layers.Add()([layers.Embedding(7, 3)(indices), layers.Embedding(7, 1)(indices)])
    model = minikeras.Model(indices, [below, wide])
    assert len(joins(model)) == 2
    for _ in range(2):
        below, wide = model(INDICES[:, :2])
        assert below.shape == (12, 4, 3) and wide.shape == (12, 2, 3)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64"])
def test_a_negative_index_of_any_size_is_refused(dtype):
    with pytest.raises(ValueError, match="index -1 is out of range"):
        layers.Embedding(70_000, 3)(np.full((1, 2), -1, dtype))
