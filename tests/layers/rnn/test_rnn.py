"""Recurrent layers: cells of users, states, masks and dropout."""

import numpy as np
import pytest

import minikeras
from minikeras import layers, ops

X = np.random.default_rng(0).normal(size=(3, 5, 2)).astype("float32")
MASK = np.array([[1, 1, 0, 1, 0], [0, 0, 1, 1, 1], [0, 0, 0, 0, 0]], bool)
KINDS = ["LSTM", "GRU", "SimpleRNN"]


class Minimal(layers.Layer):
    """A cell written with ops, as in Keras's guide."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.recurrent_kernel = self.add_weight(shape=(self.units, self.units), name="recurrent")

    def call(self, inputs, states):
        h = ops.matmul(inputs, self.kernel) + ops.matmul(states[0], self.recurrent_kernel)
        return h, [h]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class Plain:
    """A cell that is no layer."""

    state_size = 2

    def call(self, inputs, states):
        total = states[0] + inputs
        return total, [total]


def test_a_cell_of_the_user_is_a_linear_simple_rnn():
    rnn = layers.RNN(Minimal(4), return_sequences=True, return_state=True)
    outputs, state = rnn(X)
    twin = layers.SimpleRNN(4, "linear", use_bias=False, return_sequences=True)
    twin(X)
    twin.set_weights(rnn.get_weights())
    np.testing.assert_allclose(outputs, twin(X), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(outputs[:, -1], state)


def test_a_cell_of_the_user_is_trained():
    minikeras.utils.set_random_seed(0)
    model = minikeras.Sequential([layers.RNN(Minimal(4)), layers.Dense(1)])
    model.compile(minikeras.optimizers.Adam(0.02), "mse")
    x = np.random.default_rng(1).normal(size=(64, 5, 2)).astype("float32")
    history = model.fit(x, x.sum(axis=(1, 2))[:, None], epochs=30, verbose=0)
    assert history.history["loss"][-1] < 0.5 * history.history["loss"][0]


def test_a_cell_that_is_no_layer():
    outputs = layers.RNN(Plain(), return_sequences=True)(X)
    np.testing.assert_allclose(outputs, np.cumsum(X, axis=1), rtol=1e-5, atol=1e-6)


def test_a_list_of_cells_is_layers_one_above_another():
    stacked = layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)], return_state=True)
    y, first, second = stacked(X)
    assert [tuple(s.shape) for s in first] == [(3, 4), (3, 4)]
    lower, upper = layers.LSTM(4, return_sequences=True), layers.GRU(3)
    upper(lower(X))
    weights = stacked.get_weights()
    lower.set_weights(weights[:3])
    upper.set_weights(weights[3:])
    np.testing.assert_allclose(y, upper(lower(X)), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(y, np.asarray(second[0] if isinstance(second, list) else second))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("zero", [False, True])
def test_the_fused_layer_is_its_cell_step_by_step(kind, backwards, masked, zero):
    options = {
        "return_sequences": True,
        "return_state": True,
        "go_backwards": backwards,
        "zero_output_for_mask": zero,
    }
    fused = getattr(layers, kind)(4, **options)
    cell = getattr(layers, f"{kind}Cell")(4)
    steps = layers.RNN(cell, **options)
    mask = MASK if masked else None
    fused(X)
    steps(X)
    steps.set_weights(fused.get_weights())
    for a, b in zip(fused(X, mask=mask), steps(X, mask=mask)):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_states_are_carried_from_batch_to_batch(kind):
    layer = getattr(layers, kind)(4, stateful=True)
    whole = getattr(layers, kind)(4)
    whole(X)
    layer(X[:, :2])
    layer.set_weights(whole.get_weights())
    layer.reset_state()
    layer(X[:, :2])
    np.testing.assert_allclose(layer(X[:, 2:]), whole(X), rtol=1e-5, atol=1e-6)
    layer.reset_states()
    np.testing.assert_allclose(layer(X), whole(X), rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="stateful"):
        layer(X[:2])
    assert len(layer.weights) == 3  # states are not weights


def test_stateful_layers_need_a_batch_size():
    with pytest.raises(ValueError, match="batch must be known"):
        layers.LSTM(4, stateful=True)(minikeras.Input((5, 2)))
    assert layers.LSTM(4, stateful=True)(minikeras.Input((5, 2), batch_size=3)).shape == (3, 4)


@pytest.mark.parametrize("kind", KINDS)
def test_an_encoder_hands_its_state_to_a_decoder(kind):
    source, target = minikeras.Input((None, 2)), minikeras.Input((4, 2))
    _, *state = getattr(layers, kind)(3, return_state=True)(source)
    decoder = getattr(layers, kind)(3, return_sequences=True)
    model = minikeras.Model([source, target], decoder(target, initial_state=state))
    assert model([X, X[:, :4]]).shape == (3, 4, 3)
    model.compile("adam", "mse")
    before = [w.copy() for w in model.get_weights()]
    model.fit([X, X[:, :4]], np.ones((3, 4, 3)), verbose=0)
    assert all((a != b).any() for a, b in zip(before, model.get_weights()))
    # The decoder goes on where the encoder stopped: with its weights, as on one long sequence.
    decoder.set_weights(model.get_weights()[:3])
    whole = getattr(layers, kind)(3, return_sequences=True)
    whole(X)
    whole.set_weights(model.get_weights()[:3])
    both = np.concatenate([X, X[:, :4]], axis=1)
    np.testing.assert_allclose(model([X, X[:, :4]]), whole(both)[:, 5:], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rates", [(0.5, 0.0), (0.0, 0.5), (0.5, 0.5)])
def test_dropout_keeps_its_mask_over_time_and_changes_it_between_batches(kind, rates):
    layer = getattr(layers, kind)(4, dropout=rates[0], recurrent_dropout=rates[1], seed=1)
    x = np.ones((2, 6, 3), "float32")
    first, second = layer(x, training=True), layer(x, training=True)
    assert (np.asarray(first) != np.asarray(second)).any()
    np.testing.assert_array_equal(layer(x), layer(x))
    twin = getattr(layers, kind)(4, dropout=rates[0], recurrent_dropout=rates[1], seed=1)
    twin(x)
    twin.set_weights(layer.get_weights())
    np.testing.assert_array_equal(twin(x, training=True), first)
    with minikeras.GradientTape() as tape:
        loss = ops.sum(layer(x, training=True))
    assert all(g is not None for g in tape.gradient(loss, layer.trainable_weights))


def test_dropout_of_inputs_is_one_mask_for_all_steps():
    layer = layers.SimpleRNN(
        6, "linear", kernel_initializer="identity", recurrent_initializer="identity", dropout=0.5
    )
    y = np.asarray(layer(np.ones((50, 4, 6), "float32"), training=True))
    # Each feature is kept in all four steps, and doubled, or in none.
    assert set(np.unique(y.round(3))) == {0.0, 8.0}


def test_embedding_masks_reach_recurrent_layers():
    tokens = np.array([[1, 2, 0, 0], [3, 1, 2, 0]])
    model = minikeras.Sequential(
        [minikeras.Input((None,)), layers.Embedding(5, 3, mask_zero=True), layers.LSTM(4)]
    )
    short = np.asarray(model(tokens[:1, :2]))
    np.testing.assert_allclose(np.asarray(model(tokens))[:1], short, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mode", ["concat", "sum", "mul", "ave", None])
def test_bidirectional_is_two_layers(mode):
    layer = layers.Bidirectional(layers.LSTM(3, return_sequences=True), merge_mode=mode)
    got = layer(X)
    assert layer.forward_layer.name.startswith("forward_lstm")
    ahead = np.asarray(layer.forward_layer(X))
    back = np.asarray(layer.backward_layer(X))[:, ::-1]
    wanted = {
        "concat": np.concatenate([ahead, back], -1),
        "sum": ahead + back,
        "mul": ahead * back,
        "ave": (ahead + back) / 2,
        None: (ahead, back),
    }[mode]
    for a, b in zip(got if mode is None else [got], wanted if mode is None else [wanted]):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_bidirectional_takes_weights_states_and_another_layer():
    layer = layers.Bidirectional(layers.GRU(3), backward_layer=layers.GRU(3, go_backwards=True))
    y = layer(X)
    twin = layers.Bidirectional(layers.GRU(3), weights=layer.get_weights())
    np.testing.assert_array_equal(twin(X), y)
    states = [np.ones((3, 3), "float32")] * 2
    assert (np.asarray(layer(X, initial_state=states)) != np.asarray(y)).all()
    with pytest.raises(ValueError, match="different directions"):
        layers.Bidirectional(layers.GRU(3), backward_layer=layers.GRU(3))
    with pytest.raises(ValueError, match="return_sequences"):
        layers.Bidirectional(
            layers.GRU(3),
            backward_layer=layers.GRU(3, go_backwards=True, return_sequences=True),
        )
    with pytest.raises(ValueError, match="merge_mode"):
        layers.Bidirectional(layers.GRU(3), merge_mode="max")


@pytest.mark.parametrize("mode", ["concat", "mul", None])
@pytest.mark.parametrize("sequences", [False, True])
def test_both_directions_of_one_example_at_once(mode, sequences, monkeypatch):
    options = {"return_sequences": sequences, "return_state": True, "use_bias": sequences}
    layer = layers.Bidirectional(layers.LSTM(4, **options), merge_mode=mode)
    x = ops.convert_to_tensor(X[:1])
    layer(x)
    layer.set_weights([w + 0.1 * i for i, w in enumerate(layer.get_weights())])
    with minikeras.GradientTape():
        one_after_the_other = layer(x)
    assert layer._both_at_once(x) is not None
    calls = []
    monkeypatch.setattr(layer, "_run", lambda *args: calls.append(args))
    for a, b in zip(layer(x), one_after_the_other, strict=True):
        assert tuple(a.shape) == tuple(b.shape)
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert not calls


def test_layers_that_do_more_than_an_lstm_run_by_themselves():
    @minikeras.saving.register_keras_serializable("both_ways")
    class Own(layers.LSTM):
        pass

    x = ops.convert_to_tensor(X[:1])
    others = [
        layers.Bidirectional(layers.GRU(3)),
        layers.Bidirectional(layers.LSTM(3, activation="relu")),
        layers.Bidirectional(layers.LSTM(3, activity_regularizer="l2")),
        layers.Bidirectional(layers.LSTM(3), dtype="mixed_float16"),
        layers.Bidirectional(layers.LSTM(3, dtype="mixed_float16")),
        layers.Bidirectional(layers.LSTM(3), backward_layer=layers.LSTM(4, go_backwards=True)),
        layers.Bidirectional(
            layers.LSTM(3, go_backwards=True), backward_layer=layers.LSTM(3, go_backwards=False)
        ),
        layers.Bidirectional(Own(3), backward_layer=layers.LSTM(3, go_backwards=True)),
    ]
    for layer in others:
        alone = np.asarray(layer(x), "float32")
        assert layer._both_at_once(x) is None
        np.testing.assert_allclose(np.asarray(layer(X), "float32")[:1], alone, atol=0.01)
    layer = layers.Bidirectional(layers.LSTM(3))
    layer(x)
    assert layer._both_at_once(ops.convert_to_tensor(X)) is None
    seen = []
    cell = layer.backward_layer
    object.__setattr__(
        cell, "call", lambda *a, **k: seen.append(a) or type(cell).call(cell, *a, **k)
    )
    layer(x)
    assert len(seen) == 1


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="units"):
        layers.LSTM(0)
    with pytest.raises(ValueError, match="state_size"):
        layers.RNN(layers.Dense(3))
    with pytest.raises(ValueError, match="must hold 2 states"):
        layers.LSTM(3)(X, initial_state=[np.zeros((3, 3), "float32")])
    with pytest.raises(ValueError, match="must hold states of shape"):
        layers.GRU(3)(X, initial_state=[np.zeros((3, 2), "float32")])
    with pytest.raises(ValueError, match="at least one time step"):
        layers.GRU(3)(X[:, :0])


@pytest.mark.parametrize("kind", KINDS)
def test_masks_and_states_are_as_in_keras(keras, kind):
    """Together in one layer: mask, first state, all outputs and a last state."""
    states = [np.full((3, 4), v, "float32") for v in ((0.3, -0.2) if kind == "LSTM" else (0.3,))]
    for backwards in (False, True):
        options = {"return_sequences": True, "return_state": True, "go_backwards": backwards}
        ours, theirs = (
            getattr(layers, kind)(4, **options),
            getattr(keras.layers, kind)(4, **options),
        )
        ours(X)
        theirs(X)
        theirs.set_weights(ours.get_weights())
        got = ours(X, mask=MASK, initial_state=states)
        wanted = theirs(X, mask=MASK, initial_state=states)
        for a, b in zip(got, wanted):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_time_distributed_batch_normalization_counts_every_step(keras):
    ours = layers.TimeDistributed(layers.BatchNormalization(momentum=0.5))
    theirs = keras.layers.TimeDistributed(keras.layers.BatchNormalization(momentum=0.5))
    for _ in range(2):
        np.testing.assert_allclose(
            ours(X, training=True), theirs(X, training=True), rtol=1e-4, atol=1e-5
        )
    for a, b in zip(ours.get_weights(), theirs.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_time_distributed_hands_over_masks():
    inner = layers.LSTM(2)
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 2)).astype("float32")
    mask = np.random.default_rng(1).random((2, 3, 4)) < 0.5
    y = layers.TimeDistributed(inner)(x, mask=mask)
    for t in range(3):
        for n in range(2):  # a masked step is one that is not there
            short = x[n, t][mask[n, t]]
            wanted = inner(short[None])[0] if len(short) else np.zeros(2)
            np.testing.assert_allclose(y[n, t], wanted, rtol=1e-5, atol=1e-6)
    assert not mask.all()
    with pytest.raises(ValueError, match="mask"):
        layers.TimeDistributed(inner)(x, mask=mask[:, :2])
    with pytest.raises(ValueError, match="at least 3 axes"):
        layers.TimeDistributed(layers.Dense(2))(np.ones((2, 3)))


@pytest.mark.parametrize("functional", [False, True])
def test_a_mask_that_is_given_goes_on_to_the_next_layer(keras, functional):
    results, weights = [], None
    for library in (minikeras, keras):
        first = library.layers.LSTM(3, return_sequences=True)
        last = library.layers.GRU(2)
        if functional:
            x, mask = library.Input((5, 2)), library.Input((5,), dtype="bool")
            model = library.Model([x, mask], last(first(x, mask=mask)))
            last(first(library.ops.convert_to_tensor(X)))
        else:
            last(first(X))
        if weights is None:
            weights = [w.numpy() for w in (*first.weights, *last.weights)]
        first.set_weights(weights[:3])
        last.set_weights(weights[3:])
        mask = library.ops.convert_to_tensor(MASK)
        x = library.ops.convert_to_tensor(X)
        results.append(np.asarray(model([x, mask]) if functional else last(first(x, mask=mask))))
    np.testing.assert_allclose(*results, rtol=1e-5, atol=1e-6)
    assert np.abs(results[0][2]).max() == 0  # every step is masked, in both layers


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.LSTM(2),
        lambda: layers.GRU(2),
        lambda: layers.RNN(layers.SimpleRNNCell(2)),
        lambda: layers.Bidirectional(layers.LSTM(2)),
    ],
)
def test_masks_of_other_lengths_or_batches_are_refused(make):
    layer, x = make(), np.ones((3, 5, 2), "float32")
    for shape in ((3, 4), (2, 5), (5, 3), (5,), ()):
        with pytest.raises(ValueError, match=r"`mask`.*\(3, 5\)"):
            layer(x, mask=np.ones(shape, bool))
    mask = np.array([[True, True, False, True, False]])  # one for the whole batch
    for same in (np.repeat(mask, 3, axis=0), np.repeat(mask, 3, axis=0)[..., None]):
        np.testing.assert_array_equal(layer(x, mask=mask), layer(x, mask=same))


def test_bidirectional_gives_each_layer_its_own_states():
    first, second = np.full((3, 2), 0.5, "float32"), np.full((3, 2), -1.0, "float32")
    layer = layers.Bidirectional(layers.GRU(2), merge_mode=None)
    layer(X)
    ahead, back = layer(X, initial_state=[first, second])
    np.testing.assert_array_equal(ahead, layer.forward_layer(X, initial_state=[first]))
    np.testing.assert_array_equal(back, layer.backward_layer(X, initial_state=[second]))
    assert (np.asarray(back) != np.asarray(layer.backward_layer(X, initial_state=[first]))).any()


def test_a_mask_ends_at_bidirectional_without_sequences():
    x = layers.Masking()(X)
    for sequences in (False, True):
        y = layers.Bidirectional(layers.LSTM(2, return_sequences=sequences))(x)
        assert (getattr(y, "_keras_mask", None) is not None) == sequences


def test_stacked_cells_hand_on_their_own_states():
    """Each cell gets back the state that it gave, step by step."""
    cells = [layers.LSTMCell(4), layers.GRUCell(3), layers.SimpleRNNCell(2)]
    stack = layers.StackedRNNCells(cells)
    states = stack.get_initial_state(3)
    stack.build((3, 2))
    for t in range(2):
        y, new = stack(X[:, t], states)
        below, wanted = X[:, t], []
        for cell, state in zip(cells, states):
            below, own = cell(below, state)
            wanted.append(own)
        np.testing.assert_array_equal(y, below)
        for a, b in zip(minikeras.tree.flatten(new), minikeras.tree.flatten(wanted)):
            np.testing.assert_array_equal(a, b)
        states = new


def test_a_step_is_masked_only_if_all_of_it_is_zero(keras):
    x = np.zeros((1, 4, 2), "float32")
    x[0, 0, 0] = x[0, 1] = 1
    x[0, 2, 1] = -1
    for library in (minikeras, keras):
        mask = library.layers.Masking().compute_mask(x)
        assert np.asarray(mask).tolist() == [[True, True, True, False]]


def test_simple_rnn_has_a_penalty_on_its_output():
    layer = layers.SimpleRNN(2, activity_regularizer="l2")
    y = np.asarray(layer(X))
    np.testing.assert_allclose(layer.losses, [0.01 * (y**2).sum() / len(X)], rtol=1e-5)


def test_a_cell_is_built_for_one_step():
    class Cell(layers.Layer):
        state_size = output_size = 3

        def build(self, input_shape):
            self.seen = tuple(input_shape)

        def call(self, x, states):
            return x, states

    cell = Cell()
    layers.RNN(cell)(np.ones((2, 5, 3), "float32"))
    assert cell.seen == (2, 3)


def test_a_single_example_drops_where_the_step_trains():
    class Own(layers.Bidirectional):
        def call(self, sequences):
            return super().call(sequences)

    layer = Own(layers.LSTM(4, dropout=0.9))
    x = np.random.default_rng(0).normal(size=(1, 7, 3)).astype("float32")
    layer(x)
    found = [layer(x, training=True).numpy() for _ in range(5)]
    assert np.ptp(found, axis=0).max() > 0


def test_a_single_example_has_the_shape_of_two():
    layer = layers.Bidirectional(layers.LSTM(4))
    x = np.random.default_rng(0).normal(size=(2, 7, 3)).astype("float32")
    layer(x)
    layer.forward_layer.return_sequences = layer.backward_layer.return_sequences = True
    two = layer(x)
    assert two.shape == (2, 7, 8)
    np.testing.assert_allclose(layer(x[:1]), two[:1], rtol=1e-5, atol=1e-6)
