"""Attention layers beyond the registry: masks of inputs, axes, dropout."""

import numpy as np
import pytest

import minikeras
from minikeras import layers
from minikeras.kernels import attention
from minikeras.layers.attention.multi_head_attention import MultiHeadAttention

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 5, 4)).astype("float32")
IMAGE = RNG.normal(size=(2, 3, 4, 6)).astype("float32")


def pair(keras, name, args, call=None, **kwargs):
    """Return our layer and Keras's, with the same weights."""
    ours, theirs = getattr(layers, name)(**kwargs), getattr(keras.layers, name)(**kwargs)
    ours(*args, **(call or {}))
    theirs(*args, **(call or {}))
    weights = [RNG.normal(size=w.shape) for w in ours.weights]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    return ours, theirs


@pytest.mark.parametrize("axes", [None, (1,), (2,), (-2,), (1, 2)])
def test_axes_of_images_are_as_in_keras(keras, axes):
    ours, theirs = pair(
        keras, "MultiHeadAttention", (IMAGE, IMAGE), num_heads=2, key_dim=3, attention_axes=axes
    )
    call = {"return_attention_scores": True}
    for a, b in zip(ours(IMAGE, IMAGE, **call), theirs(IMAGE, IMAGE, **call)):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


def test_masks_of_embeddings_reach_attention(keras):
    tokens = np.array([[1, 2, 3, 0], [4, 0, 0, 0]])
    models = []
    for library in (minikeras, keras):
        inputs = library.Input((4,), dtype="int32")
        h = library.layers.Embedding(5, 4, mask_zero=True)(inputs)
        h = library.layers.MultiHeadAttention(2, 3)(h, h, use_causal_mask=True)
        models.append(library.Model(inputs, library.layers.LSTM(3)(h)))
    ours, theirs = models
    weights = [RNG.normal(size=w.shape) for w in ours.weights]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    np.testing.assert_allclose(
        ours.predict(tokens, verbose=0), theirs.predict(tokens, verbose=0), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("scores", [False, True])
def test_rows_without_any_key_are_as_in_keras(keras, scores):
    mask = np.ones((2, 5, 5), bool)
    mask[0, 2] = mask[1] = False
    for dropout in (0.0, 0.3):
        ours, theirs = pair(
            keras, "MultiHeadAttention", (X, X), num_heads=2, key_dim=3, dropout=dropout
        )
        call = {"attention_mask": mask, "return_attention_scores": scores}
        got, wanted = ours(X, X, **call), theirs(X, X, **call)
        for a, b in zip(got if scores else [got], wanted if scores else [wanted]):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}),
        ("GroupQueryAttention", {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}),
    ],
)
def test_dropout_drops_weights(name, kwargs):
    layer = getattr(layers, name)(dropout=0.5, seed=1, **kwargs)
    value = np.ones((50, 40, 4), "float32")
    still = np.asarray(layer(value, value))
    noisy = np.asarray(layer(value, value, training=True))
    assert (noisy != np.asarray(layer(value, value, training=True))).any()
    # The weights of all keys are the same, so that dropping half of 40 leaves the mean.
    np.testing.assert_allclose(noisy.mean((0, 1)), still.mean((0, 1)), rtol=0.05, atol=0.02)
    with minikeras.GradientTape() as tape:
        loss = minikeras.ops.sum(layer(value, value, training=True))
    assert all(g is not None for g in tape.gradient(loss, layer.trainable_weights))


@pytest.mark.parametrize("name", ["Attention", "AdditiveAttention"])
def test_dropout_of_lists(name):
    layer = getattr(layers, name)(dropout=0.5, seed=1)
    value = np.ones((50, 40, 4), "float32")
    y = np.asarray(layer([value, value], training=True))
    assert abs(y.mean() - 1) < 0.02
    assert y.std() > 0.05
    np.testing.assert_allclose(layer([value, value]), 1, rtol=1e-5)


def test_subclasses_may_attend_in_another_way():
    class Mean(layers.MultiHeadAttention):
        def _compute_attention(
            self,
            query,
            key,
            value,
            attention_mask=None,
            training=None,
            return_attention_scores=False,
        ):
            return query * 0 + minikeras.ops.mean(value, axis=1, keepdims=True), None

    y = np.asarray(Mean(2, 3)(X, X))
    np.testing.assert_allclose(y, np.broadcast_to(y[:, :1], y.shape), rtol=1e-5, atol=1e-6)


def test_a_transformer_learns_which_token_comes_first():
    rng = np.random.default_rng(0)
    tokens = rng.permuted(np.tile(np.arange(6), (256, 1)), axis=1)
    inputs = minikeras.Input((6,), dtype="int32")
    positions = layers.Embedding(6, 16)(minikeras.ops.arange(6))
    h = layers.Embedding(6, 16)(inputs) + positions
    h = layers.LayerNormalization()(h + layers.MultiHeadAttention(2, 8)(h, h))
    h = layers.Dense(6, activation="softmax")(layers.Flatten()(h))
    model = minikeras.Model(inputs, h)
    model.compile(
        minikeras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    model.fit(tokens, tokens[:, 0], epochs=15, batch_size=32, verbose=0)
    assert model.evaluate(tokens, tokens[:, 0], verbose=0)[1] > 0.95


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="num_heads"):
        layers.MultiHeadAttention(0, 3)
    with pytest.raises(ValueError, match="sliding_window"):
        layers.MultiHeadAttention(1, 3, sliding_window=0)
    with pytest.raises(ValueError, match="dropout"):
        layers.MultiHeadAttention(1, 3, dropout=0.1, flash_attention=True)
    with pytest.raises(ValueError, match="multiple"):
        layers.GroupQueryAttention(4, 3, 2)
    with pytest.raises(ValueError, match="same sizes"):
        layers.MultiHeadAttention(1, 3)(X, X, X[:, :3])
    with pytest.raises(ValueError, match="list of 2 or 3 inputs"):
        layers.Attention()(X)
    with pytest.raises(ValueError, match="score_mode"):
        layers.Attention(score_mode="cosine")
    with pytest.raises(ValueError, match="equation"):
        layers.EinsumDense("ab->ac", 3)


def test_attention_to_nothing_is_the_bias(keras):
    empty = np.zeros((2, 0, 4), "float32")
    ours, theirs = pair(keras, "MultiHeadAttention", (X, X), num_heads=2, key_dim=3)
    np.testing.assert_allclose(ours(X, empty), theirs(X, empty), rtol=1e-6)


def test_group_query_attention_is_named_as_in_keras(keras):
    names = []
    for library in (minikeras, keras):
        library.utils.clear_session()
        kwargs = {"head_dim": 2, "num_query_heads": 2, "num_key_value_heads": 1}
        made = [library.layers.GroupQueryAttention(**kwargs) for _ in range(2)]
        made.append(library.layers.GroupQueryAttention(**kwargs, name="mine"))
        names.append([layer.name for layer in made])
    assert names[0] == names[1]


def test_the_sum_of_query_and_attention_stays_masked_as_in_functional_models_of_keras(keras):
    tokens = np.array([[1, 2, 3, 0], [4, 0, 0, 0]])
    models = []
    for library in (minikeras, keras):
        inputs = library.Input((4,), dtype="int32")
        h = library.layers.Embedding(5, 4, mask_zero=True)(inputs)
        h = library.layers.Add()([h, library.layers.MultiHeadAttention(2, 3)(h, h)])
        models.append(library.Model(inputs, library.layers.GlobalAveragePooling1D()(h)))
    ours, theirs = models
    weights = [RNG.normal(size=w.shape) for w in ours.weights]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    np.testing.assert_allclose(ours(tokens), theirs(tokens), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16"])
@pytest.mark.parametrize("kind", ["MultiHeadAttention", "GroupQueryAttention"])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_a_query_that_sees_no_key(keras, kind, dtype, dropout):
    """It gets the mean of the values, or zero where there is dropout, in every precision."""
    sizes = (2, 3) if kind == "MultiHeadAttention" else (3, 2, 2)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1, 3, 4)).astype("float32")
    mask = np.array([[[1, 1, 0], [0, 0, 0], [1, 0, 1]]], bool)
    ours, theirs = [
        getattr(k.layers, kind)(*sizes, dropout=dropout, dtype=dtype) for k in (minikeras, keras)
    ]
    ours(x, x)
    theirs(x, x)
    theirs.set_weights(ours.get_weights())
    got, wanted = [np.asarray(f(x, x, attention_mask=mask), float) for f in (ours, theirs)]
    np.testing.assert_allclose(got, wanted, atol=1e-2 if "16" in dtype else 1e-5)
    assert (got[0, 1] != 0).any() == (dropout == 0)


def test_masked_queries_and_values_of_another_size():
    """Keras on JAX ignores `query_mask` as an argument, and cannot have such a `value_dim`."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 3, 4)).astype("float32")
    layer = layers.MultiHeadAttention(2, 3, value_dim=5)
    plain = np.asarray(layer(x, x))
    q, bq, k, bk, v, bv, o, bo = layer.get_weights()
    q, k, v = [
        np.einsum("btm,mnh->bnth", x, w) + b[:, None] for w, b in ((q, bq), (k, bk), (v, bv))
    ]
    scores = q @ k.swapaxes(2, 3) / np.sqrt(3)
    weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    np.testing.assert_allclose(plain, np.einsum("bnth,nhm->btm", weights @ v, o) + bo, atol=1e-5)
    masked = np.asarray(layer(x, x, query_mask=np.array([[1, 0, 1], [1, 1, 1]], bool)))
    np.testing.assert_allclose(masked[0, [0, 2]], plain[0, [0, 2]], atol=1e-6)
    np.testing.assert_allclose(masked[1], plain[1], atol=1e-6)
    mean = np.einsum("nh,nhm->m", v[0].mean(1), o) + bo  # it sees no key
    np.testing.assert_allclose(masked[0, 1], mean, atol=1e-5)


@pytest.mark.parametrize(
    "make", [lambda: layers.MultiHeadAttention(4, 3), lambda: layers.GroupQueryAttention(3, 4, 2)]
)
def test_symbolic_scores_have_the_lengths_of_query_and_value(make):
    layer = make()
    query, value = minikeras.Input((5, 8)), minikeras.Input((7, 8))
    y, scores = layer(query, value, return_attention_scores=True)
    assert y.shape == (None, 5, 8)
    assert scores.shape == (None, 4, 5, 7)


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize(
    "call", [{}, {"use_causal_mask": True}, {"attention_mask": RNG.random((2, 5, 5)) < 0.5}]
)
def test_in_one_kernel_as_in_steps(use_bias, call):
    """Where no tape is open, projections and attention are one kernel."""
    layer = layers.MultiHeadAttention(3, 2, value_dim=4, output_shape=(2, 3), use_bias=use_bias)
    x = minikeras.ops.convert_to_tensor(X)
    layer(x, x)
    layer.set_weights([RNG.normal(size=w.shape) for w in layer.weights])
    with minikeras.GradientTape():
        in_steps = layer(x, x, **call)
    kernel = MultiHeadAttention._self_attention
    assert (layer(x, x, **call).shape) == (2, 5, 2, 3)
    np.testing.assert_allclose(layer(x, x, **call), in_steps, atol=1e-5)
    assert kernel(layer, x, None, None) is not None


def test_a_single_large_example_keeps_both_threads_at_work(monkeypatch):
    x = minikeras.ops.convert_to_tensor(X)
    layer = layers.MultiHeadAttention(2, 3)
    at_once = layer(x, x)
    monkeypatch.setattr(attention, "_ALONE", 1)
    assert layer._self_attention(x, None, None) is None
    np.testing.assert_allclose(layer(x, x), at_once, atol=1e-6)


def test_what_looks_into_projections_is_not_passed_by():
    x = minikeras.ops.convert_to_tensor(X)
    layer = layers.MultiHeadAttention(2, 3)
    plain = np.asarray(layer(x, x))
    seen = []

    def call(inputs):
        seen.append(inputs)
        return type(layer.key_dense).call(layer.key_dense, inputs)

    object.__setattr__(layer.key_dense, "call", call)
    np.testing.assert_allclose(layer(x, x), plain, atol=1e-5)
    assert len(seen) == 1
    for options in ({"activity_regularizer": "l2"}, {"use_gate": True}, {"dtype": "mixed_float16"}):
        other = layers.MultiHeadAttention(2, 3, **options)
        other(x, x)
        assert other._self_attention(x, None, None) is None
    layer.key_dense.__dict__.pop("call")
    layer.key_dense.quantize("int8")
    assert layer._self_attention(x, None, None) is None
    np.testing.assert_allclose(layer(x, x), plain, atol=0.05)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "mixed_float16"])
def test_sequences_of_no_steps(dtype):
    if dtype == "bfloat16":
        pytest.importorskip("ml_dtypes")
    some, none = np.ones((2, 3, 4), "float32"), np.ones((2, 0, 4), "float32")
    for query, value in ((some, none), (none, some), (none, none)):
        layer = layers.MultiHeadAttention(2, 3, dtype=dtype)
        y = layer(query, value)
        assert y.shape == (*query.shape[:2], 4)
        assert not np.asarray(y).astype("float32").any()  # sums of nothing, and a bias of zeros
