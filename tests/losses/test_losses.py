"""Every loss of the package, found by itself, against Keras and against finite differences."""

from __future__ import annotations

import functools
import inspect
import warnings

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import minikeras
from minikeras import losses, ops
from minikeras.autodiff import gradient_check
from minikeras.common.configurable import parameters_of
from minikeras.losses import Loss, LossFunctionWrapper

CLASSES = {
    name: obj
    for name, obj in vars(losses).items()
    if inspect.isclass(obj) and issubclass(obj, Loss) and obj not in (Loss, LossFunctionWrapper)
}
HELPERS = {"get", "serialize", "deserialize", "check_targets"}
FUNCTIONS = {
    name: obj
    for name, obj in vars(losses).items()
    if inspect.isfunction(obj) and name not in HELPERS and not name.startswith("_")
}

# What targets and predictions look like, by loss function. A new loss needs a line here.


def real(rng, shape):
    return rng.normal(size=shape), rng.normal(size=shape)


def positive(rng, shape):
    return rng.uniform(0.5, 3, shape), rng.uniform(0.5, 3, shape)


def binary(rng, shape):
    return rng.integers(0, 2, shape), rng.uniform(0.05, 0.95, shape)


def distribution(rng, shape):
    t, p = rng.uniform(0.1, 1, shape), rng.uniform(0.1, 1, shape)
    return t / t.sum(-1, keepdims=True), p / p.sum(-1, keepdims=True)


def one_hot(rng, shape):
    labels = rng.integers(0, shape[-1], shape[:-1])
    return np.eye(shape[-1])[labels], rng.uniform(0.1, 1, shape)


def labels(rng, shape):
    return rng.integers(0, shape[-1], shape[:-1]), rng.uniform(0.1, 0.9, shape)


def embeddings(rng, shape):
    x = rng.normal(size=(shape[0], shape[-1]))
    return rng.integers(0, 2, shape[:1]), x / np.linalg.norm(x, axis=-1, keepdims=True)


def sequences(rng, shape):
    """Labels from 1, padded by 0, and logits over twice as many steps and more."""
    length = rng.integers(0, 4, shape[0])
    y_true = np.where(np.arange(3) < length[:, None], rng.integers(1, 4, (shape[0], 3)), 0)
    return y_true, rng.normal(size=(shape[0], 7, 4))


INPUTS = {
    "mean_squared_error": real,
    "mean_absolute_error": real,
    "mean_absolute_percentage_error": positive,
    "mean_squared_logarithmic_error": positive,
    "cosine_similarity": real,
    "huber": real,
    "log_cosh": real,
    "hinge": binary,
    "squared_hinge": binary,
    "categorical_hinge": one_hot,
    "kl_divergence": distribution,
    "poisson": positive,
    "binary_crossentropy": binary,
    "binary_focal_crossentropy": binary,
    "categorical_crossentropy": one_hot,
    "categorical_focal_crossentropy": one_hot,
    "sparse_categorical_crossentropy": labels,
    "categorical_generalized_cross_entropy": labels,
    "dice": binary,
    "tversky": binary,
    "circle": embeddings,
    "ctc": sequences,
}

# Further arguments worth trying, by loss function.
VARIANTS = {
    "huber": [{"delta": 0.3}],
    "cosine_similarity": [{"axis": 0}],
    "binary_crossentropy": [{"from_logits": True}, {"label_smoothing": 0.2}, {"axis": 0}],
    "binary_focal_crossentropy": [
        {"from_logits": True, "apply_class_balancing": True, "alpha": 0.4},
        {"label_smoothing": 0.1, "gamma": 1.5},
        {"axis": 0},
    ],
    "categorical_crossentropy": [{"from_logits": True}, {"label_smoothing": 0.2}, {"axis": 1}],
    "categorical_focal_crossentropy": [
        {"from_logits": True},
        {"label_smoothing": 0.2, "alpha": 0.5},
        {"gamma": 1.0, "axis": 1},
    ],
    "sparse_categorical_crossentropy": [
        {"from_logits": True},
        {"ignore_class": 1},
        {"ignore_class": 1, "from_logits": True},
    ],
    "categorical_generalized_cross_entropy": [{"q": 0.7}],
    "dice": [{"axis": -1}],
    "tversky": [{"alpha": 0.2, "beta": 0.7, "axis": -1}],
    "circle": [{"gamma": 3.0, "margin": 0.2}, {"remove_diagonal": False, "gamma": 3.0}],
}


def function_name(name):
    return name if name in FUNCTIONS else CLASSES[name]().fn.__name__


def data(name, rng, shape, dtype="float32"):
    """Return targets and predictions for a loss, floats in `dtype`."""
    maker = INPUTS[function_name(name)]
    y_true, y_pred = maker(rng, shape)
    if y_true.dtype.kind == "f":
        y_true = y_true.astype(dtype)
    return y_true.astype("int32") if y_true.dtype.kind == "i" else y_true, y_pred.astype(dtype)


def tolerance(dtype):
    return {"rtol": 1e-5, "atol": 1e-6} if dtype == "float32" else {"rtol": 1e-10, "atol": 1e-12}


def same(ours, theirs, dtype):
    theirs = np.asarray(theirs)
    ours = np.asarray(ours)
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, **tolerance(dtype))


def gradient(f, x):
    """Return the gradient of the sum of f(x)."""
    v = minikeras.autodiff.Variable(x)
    with minikeras.autodiff.GradientTape() as tape:
        y = f(v.value)
    return np.asarray(tape.gradient(y, v))


def variants(name):
    required = {"categorical_generalized_cross_entropy": {"q": 0.5}}
    base = required.get(name, {})
    return [base, *VARIANTS.get(function_name(name), [])]


def cases(names):
    return [pytest.param(n, v, id=f"{n}-{v}") for n in names for v in variants(n)]


# Predictions of labels have their classes last in this test, so there is no other axis.
NOT_TRIED = {("SparseCategoricalCrossentropy", "axis")}
# What has to be given beside an argument for it to count.
BESIDE = {
    ("BinaryFocalCrossentropy", "alpha"): {"apply_class_balancing": True},
    ("Circle", "remove_diagonal"): {"gamma": 3.0},
}


@pytest.mark.parametrize("name", CLASSES)
def test_every_argument_is_tried_and_counts(name):
    rng = np.random.default_rng(2)
    y_true, y_pred = data(name, rng, (8, 3, 5))
    base, *others = variants(name)

    def result(kwargs):
        return np.asarray(CLASSES[name](**{**base, **kwargs}, reduction=None)(y_true, y_pred))

    plain = result({})
    for argument in parameters_of(CLASSES[name]):
        tried = [v[argument] for v in others if argument in v]
        if argument not in ("name", "dtype", "reduction") and (name, argument) not in NOT_TRIED:
            assert tried, f"no value of {argument} in VARIANTS"
            beside = BESIDE.get((name, argument), {})
            values = [result({**beside, argument: v}) for v in tried]
            before = result(beside) if beside else plain
            assert any(v.shape != before.shape or (v != before).any() for v in values), argument


def test_every_loss_has_inputs():
    for name in [*FUNCTIONS, *CLASSES]:
        assert function_name(name) in INPUTS, f"Loss {name} has no inputs in this test."
    assert set(INPUTS) == set(FUNCTIONS)


def test_all_of_keras_is_here(keras):
    names = {n for n in dir(keras.losses) if not n.startswith("_")}
    assert names <= set(dir(losses))
    for name, cls in CLASSES.items():
        ours, theirs = inspect.signature(cls), inspect.signature(getattr(keras.losses, name))
        assert [(p.name, p.default) for p in ours.parameters.values()] == [
            (p.name, p.default) for p in theirs.parameters.values()
        ]
    for name, function in FUNCTIONS.items():
        ours, theirs = (inspect.signature(f) for f in (function, getattr(keras.losses, name)))
        assert [(p.name, p.default) for p in ours.parameters.values()] == [
            (p.name, p.default) for p in theirs.parameters.values()
        ]


@pytest.mark.parametrize(("name", "kwargs"), cases(FUNCTIONS))
def test_function_like_keras(keras, name, kwargs):
    for shape, dtype in (((4, 3), "float32"), ((2, 3, 3), "float64")):
        if kwargs.get("axis") == 1 and len(shape) < 3:
            continue
        y_true, y_pred = data(name, np.random.default_rng(0), shape, dtype)
        ours = FUNCTIONS[name](y_true, y_pred, **kwargs)
        theirs = np.asarray(getattr(keras.losses, name)(y_true, y_pred, **kwargs))
        if name == "sparse_categorical_crossentropy":  # JAX's one_hot is float64 in x64 mode
            theirs = theirs.astype(dtype)
        same(ours, theirs, dtype)


@pytest.mark.parametrize(("name", "kwargs"), cases(CLASSES))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_class_and_gradient_like_keras(keras, name, kwargs, dtype):
    import jax

    if kwargs.get("axis") == 1:
        kwargs = {**kwargs, "axis": -1}
    ours, theirs = (m(**kwargs, dtype=dtype) for m in (CLASSES[name], getattr(keras.losses, name)))
    y_true, y_pred = data(name, np.random.default_rng(3), (4, 3), dtype)
    value, expected = jax.value_and_grad(lambda p: theirs(y_true, p).sum())(y_pred)
    same(ops.sum(ours(y_true, y_pred)), value, dtype)
    # Once from an array and once from a tensor, which may take the short way.
    for target in (y_true, ops.convert_to_tensor(y_true)):
        same(gradient(lambda p, t=target: ours(t, p), y_pred), expected, dtype)


@pytest.mark.parametrize(("name", "kwargs"), cases(CLASSES))
@settings(max_examples=5)
@given(seed=st.integers(0, 2**16), shape=st.sampled_from([(1, 3), (3, 4), (2, 2, 3)]))
@example(seed=1456, shape=(2, 2, 3))
def test_gradient_by_finite_differences(name, kwargs, seed, shape):
    loss = CLASSES[name](**kwargs, dtype="float64")
    y_true, y_pred = data(name, np.random.default_rng(seed), shape, "float64")
    if name == "CategoricalHinge":  # a kink where two classes tie
        y_pred = y_pred + np.arange(y_pred.size).reshape(y_pred.shape) * 1e-3
    if name == "Circle":  # of norm 1, each embedding is where its distance to itself has a kink
        y_pred = y_pred * 0.9

    assert gradient_check(lambda p: loss(y_true, p), y_pred, rtol=2e-5).checked > 0


# Dice and Tversky are scalars by themselves; test_class_and_gradient_like_keras has them.
@pytest.mark.parametrize("name", [n for n in CLASSES if n not in ("Dice", "Tversky")])
@pytest.mark.parametrize("reduction", ["sum", "mean", "mean_with_sample_weight", "none", None])
def test_reductions_weights_and_masks_like_keras(keras, name, reduction):
    rng = np.random.default_rng(5)
    y_true, y_pred = data(name, rng, (4, 3))
    ours = CLASSES[name](reduction=reduction)
    theirs = getattr(keras.losses, name)(reduction=reduction)
    mask = np.array([True, False, True, True])
    for weight in (None, rng.uniform(0, 2, 4), rng.uniform(0, 2, (4, 1)).astype("float32")):
        for masked in (False, True):
            ours_pred, theirs_pred = ops.convert_to_tensor(y_pred), keras.ops.array(y_pred)
            if masked:
                ours_pred._keras_mask = ops.convert_to_tensor(mask)
                keras.src.backend.set_keras_mask(theirs_pred, keras.ops.array(mask))
            same(
                ours(y_true, ours_pred, sample_weight=weight),
                theirs(y_true, theirs_pred, sample_weight=weight),
                "float32",
            )


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("batch", [0, 1])
def test_small_batches_like_keras(keras, name, batch):
    y_true, y_pred = data(name, np.random.default_rng(7), (batch, 3))
    ours, theirs = CLASSES[name](), getattr(keras.losses, name)()
    same(ours(y_true, y_pred), theirs(y_true, y_pred), "float32")
    tensor = ops.convert_to_tensor(y_pred)
    same(ours(ops.convert_to_tensor(y_true), tensor), theirs(y_true, y_pred), "float32")


@pytest.mark.parametrize(
    ("name", "true_shape", "pred_shape"),
    [
        ("MeanSquaredError", (4,), (4, 1)),
        ("MeanSquaredError", (4, 1), (4,)),
        ("MeanSquaredError", (4, 3, 1), (4, 3)),
        ("MeanSquaredError", (4, 1), (4, 3)),
        ("BinaryCrossentropy", (4,), (4, 1)),
        ("BinaryCrossentropy", (4, 1), (4,)),
        ("SparseCategoricalCrossentropy", (4, 1), (4, 3)),
        ("SparseCategoricalCrossentropy", (2, 3), (2, 3, 3)),
    ],
)
def test_ranks_are_matched_like_keras(keras, name, true_shape, pred_shape):
    rng = np.random.default_rng(1)
    y_true = rng.integers(0, 2, true_shape).astype("float32")
    y_pred = rng.uniform(0.1, 0.9, pred_shape).astype("float32")
    theirs = getattr(keras.losses, name)()(y_true, y_pred)
    same(CLASSES[name]()(y_true, y_pred), theirs, "float32")
    tensors = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    same(CLASSES[name]()(*tensors), theirs, "float32")


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float64"])
def test_targets_of_any_dtype_take_the_short_way_to_the_same_loss(dtype):
    rng = np.random.default_rng(2)
    for name in (
        "MeanSquaredError",
        "MeanAbsoluteError",
        "BinaryCrossentropy",
        "CategoricalCrossentropy",
        "SparseCategoricalCrossentropy",
    ):
        y_true, y_pred = data(name, rng, (6, 4))
        y_true = (y_true % 2).astype(dtype)
        loss = CLASSES[name]()
        y_pred = ops.convert_to_tensor(y_pred)
        short = loss._batch_mean(y_true, y_pred)
        assert short is not None
        long = Loss.__call__(loss, y_true, y_pred)
        np.testing.assert_allclose(short, long, rtol=1e-6)
        assert short.dtype == long.dtype


def test_short_way_differentiates_targets_and_twice():
    rng = np.random.default_rng(2)
    for name in ("MeanSquaredError", "MeanAbsoluteError", "BinaryCrossentropy"):
        t, p = rng.uniform(0.2, 0.8, (2, 3, 2))
        loss = CLASSES[name](dtype="float64")

        assert gradient_check(lambda t, p=p, loss=loss: loss(t, ops.convert_to_tensor(p)), t).ok

    loss = CLASSES["BinaryCrossentropy"](dtype="float64")
    t = np.array([[1.0, 0.0]])

    def slope(p):
        with minikeras.autodiff.GradientTape() as tape:
            tape.watch(p)
            y = loss(t, p)
        return tape.gradient(y, p)

    assert gradient_check(slope, np.array([[0.3, 0.6]])).ok


def test_ignored_class_does_not_spoil_the_gradient():
    p = np.array([[0.2, 0.8], [np.nan, np.inf]], "float32")
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1)
    g = gradient(lambda x: loss(np.array([1, -1]), x), p)
    assert np.isfinite(g).all()
    assert (g[1] == 0).all()


@pytest.mark.parametrize("name", CLASSES)
def test_config_round_trip(keras, name):
    for kwargs in variants(name):
        loss = CLASSES[name](**kwargs, reduction="sum", name="mine")
        config = losses.serialize(loss)
        twin = losses.deserialize(config)
        assert type(twin) is CLASSES[name]
        assert twin.get_config() == loss.get_config()
        assert twin.name == "mine"
        y_true, y_pred = data(name, np.random.default_rng(0), (4, 3))
        np.testing.assert_array_equal(loss(y_true, y_pred), twin(y_true, y_pred))
        theirs = keras.losses.deserialize(config)  # Keras reads our configs,
        ours = losses.deserialize(keras.losses.serialize(theirs))  # and we Keras's
        assert type(ours) is CLASSES[name]


def test_functions_by_name():
    for name, function in FUNCTIONS.items():
        assert losses.get(name) is function
        assert losses.get(function) is function
        assert losses.deserialize(losses.serialize(function)) is function
    for name, cls in CLASSES.items():
        assert type(losses.get(name)) is cls
        assert type(losses.get(cls)) is cls


def test_wrapper_round_trip():
    loss = LossFunctionWrapper(losses.huber, delta=2.0, name="h", reduction="sum")
    twin = LossFunctionWrapper.from_config(loss.get_config())
    assert twin.fn is losses.huber
    assert twin.get_config() == loss.get_config()


def test_get_names_the_nearest_loss():
    assert losses.get(None) is None
    with pytest.raises(ValueError, match="mean_squared_error"):
        losses.get("mean_sqared_error")
    with pytest.raises(ValueError, match="loss"):
        losses.get(3)


def test_shapes_that_do_not_match_are_named():
    for name in ("mean_squared_error", "binary_crossentropy", "categorical_crossentropy"):
        with pytest.raises(ValueError, match=rf"{name}.*\(4, 3\).*\(4, 2\)"):
            losses.get(name)(np.zeros((4, 3)), np.ones((4, 2)))
    with pytest.raises(ValueError, match=r"binary_crossentropy.*\(4, 1\).*\(4, 2\)"):
        losses.BinaryCrossentropy()(np.zeros((4, 1)), np.ones((4, 2)))
    with pytest.raises(ValueError, match=r"'mse'.*\(3,\).*\(4,\)"):
        losses.MeanSquaredError(name="mse")(
            np.zeros((4, 2)), np.zeros((4, 2)), sample_weight=np.ones(3)
        )
    with pytest.raises(ValueError, match=r"label 3 .* out of range"):
        losses.SparseCategoricalCrossentropy()(
            np.array([0, 3]), ops.convert_to_tensor(np.full((2, 3), 0.3, "float32"))
        )
    with pytest.raises(ValueError, match="label -1"):
        losses.SparseCategoricalCrossentropy()(
            np.array([0, -1]), ops.convert_to_tensor(np.full((2, 3), 0.3, "float32"))
        )


def test_bad_arguments():
    with pytest.raises(ValueError, match="reduction"):
        losses.MeanSquaredError(reduction="average")
    with pytest.raises(ValueError, match="q"):
        losses.CategoricalGeneralizedCrossEntropy(q=1.0)
    with pytest.raises(ValueError, match="axis"):
        losses.categorical_crossentropy([[1.0, 0.0]], [[0.5, 0.5]], axis=True)
    with pytest.warns(SyntaxWarning, match="binary_crossentropy"):
        losses.CategoricalCrossentropy()(np.ones((2, 1)), np.ones((2, 1)))
    with pytest.raises(NotImplementedError, match="call"):
        Loss()([0.0], [0.0])


def test_structures_reach_a_function_as_they_are():
    def total(y_true, y_pred):
        return ops.abs(y_true["a"] - y_pred["a"])[:, 0] + ops.abs(y_true["b"] - y_pred["b"])[:, 0]

    loss = LossFunctionWrapper(total)
    y_true = {"a": np.zeros(2), "b": np.zeros((2, 1))}
    y_pred = {"a": np.ones((2, 1)), "b": np.ones((2, 1))}
    assert float(loss(y_true, y_pred)) == 2.0


def test_own_losses_train():
    class Mine(Loss):
        def call(self, y_true, y_pred):
            return ops.mean(ops.square(y_true - y_pred), axis=-1)

    loss = Mine()
    assert loss.name.startswith("mine")
    g = gradient(lambda p: loss(np.zeros((2, 1)), p), np.ones((2, 1), "float32"))
    np.testing.assert_allclose(g, np.ones((2, 1)))


def test_check_targets():
    losses.check_targets(np.array([1.0, 2.0]))
    losses.check_targets(np.array([1, 2]))
    with pytest.raises(ValueError, match="output 'price' must be numbers.*<U1"):
        losses.check_targets({"price": np.array(["a"])})
    losses.check_targets([[1.0, 2.0], [3.0, 4.0]])
    losses.check_targets(np.zeros((0, 2)))
    bad = np.array([[1.0, 2.0], [3.0, np.nan]])
    with pytest.raises(ValueError, match=r"'price'.*sample 1"):
        losses.check_targets({"size": np.ones(2), "price": bad})
    with pytest.raises(ValueError, match=r"'y\[1\]'"):
        losses.check_targets([np.ones(2), bad])


def test_float16_computes_in_float16():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loss = losses.MeanSquaredError(dtype="float16")(np.zeros((2, 1)), np.ones((2, 1)))
    assert loss.dtype == "float16"


def test_a_loss_function_that_returns_nothing():
    loss = losses.get(lambda y_true, y_pred: None)
    loss = losses.LossFunctionWrapper(loss, name="forgetful")
    with pytest.raises(ValueError, match="'forgetful'.*returned None"):
        loss(np.ones((2, 1)), np.ones((2, 1)))


@pytest.mark.parametrize("name", CLASSES)
def test_a_users_subclass_has_the_same_arguments_and_takes_no_name(name):
    base = CLASSES[name]
    mine = type(f"My{name}", (base,), {"__module__": "mine"})
    assert inspect.signature(mine.__init__) == inspect.signature(base.__init__)
    assert mine(name="m").get_config() == base(name="m").get_config()
    with pytest.raises(ValueError, match="Unknown loss"):
        losses.get(f"My{name}")


def test_wrong_arguments_are_told_with_the_class():
    with pytest.raises(TypeError, match=r"Huber.__init__\(\) got an unexpected .*'dleta'"):
        losses.Huber(dleta=2.0)
    with pytest.raises(TypeError, match=r"Hinge.__init__\(\) too many"):
        losses.Hinge("sum", "h", None, 3)


def test_a_users_class_of_a_function():
    def distance(y_true, y_pred, power, scale=2.0):
        return ops.mean(ops.abs(y_true - y_pred) ** power * scale, axis=-1)

    class Distance(LossFunctionWrapper, fn=distance, defaults={"power": 1}):
        pass

    loss = Distance(scale=3.0)
    assert (loss.name, loss.power, loss.scale) == ("distance", 1, 3.0)
    assert float(loss(np.zeros((2, 1)), np.ones((2, 1)))) == 3.0
    assert Distance.from_config(loss.get_config()).get_config() == loss.get_config()
    assert list(inspect.signature(Distance).parameters)[:3] == ["power", "scale", "reduction"]


def test_a_function_that_wraps_one_of_ours_is_called_itself():
    @functools.wraps(losses.mean_squared_error)
    def doubled(y_true, y_pred):
        return 2.0 * losses.mean_squared_error(y_true, y_pred)

    loss = LossFunctionWrapper(doubled)
    assert float(loss(np.zeros((2, 3), "float32"), ops.ones((2, 3)))) == 2.0
    assert doubled not in Loss.family


@pytest.mark.parametrize("name", ["categorical_crossentropy", "categorical_focal_crossentropy"])
def test_labels_are_smoothed_over_the_classes(name):
    """Keras 3.15.1 divides by the size of the last axis, whichever the classes are on."""
    rng = np.random.default_rng(0)
    predicted = rng.dirichlet(np.ones(4), size=(2, 3))  # classes last
    labels = np.eye(4)[rng.integers(0, 4, (2, 3))]
    function = getattr(losses, name)
    wanted = function(labels, predicted, label_smoothing=0.3)
    moved = [np.moveaxis(a, -1, 1) for a in (labels, predicted)]
    np.testing.assert_allclose(function(*moved, label_smoothing=0.3, axis=1), wanted, rtol=1e-12)
