"""Functions that have no table of values: gradients, control, randomness, files, modules, checkpoints."""

import logging
import wave

import numpy as np
import pytest

import minikeras
from minikeras.compat.adapters import NotAvailable


def test_function_passes_calls_through(tf):
    seen = []

    @tf.function
    def plain(x):
        seen.append(type(x).__name__)
        return x + 1

    @tf.function(input_signature=[tf.TensorSpec(shape=[None], dtype=tf.float32)])
    def with_signature(x):
        return x.shape.as_list(), x.dtype

    @tf.function(jit_compile=True)
    def compiled(x, flag=False):
        return x if flag else -x

    class Model:
        @tf.function(input_signature=[tf.TensorSpec([], tf.int32)])
        def method(self, n):
            return self, n.dtype

    assert float(plain(1.0)) == 2.0 and plain(np.ones(2)).numpy().tolist() == [2.0, 2.0]
    assert seen == ["float", "Tensor"]
    assert with_signature([1, 2]) == ([2], tf.float32)
    assert float(compiled(2.0)) == -2.0 and float(compiled(2.0, flag=True)) == 2.0
    model = Model()
    assert model.method(3) == (model, tf.int32)
    assert plain.__name__ == "plain" and plain.get_concrete_function(1.0)(1.0) == 2.0
    assert float(tf.function(lambda x: x * 2)(4.0)) == 8.0


def test_gradients_go_through(tf):
    x = tf.Variable(np.random.RandomState(0).rand(2, 3, 4).astype("float32"))
    functions = {
        "gather": lambda x: tf.gather(x, [[0, 2], [1, 1]], axis=1, batch_dims=1),
        "gather_nd": lambda x: tf.gather_nd(x, [[0, 1], [1, 2], [0, 1]]),
        "scatter": lambda x: tf.scatter_nd([[1], [1]], x, [3, 3, 4]),
        "mask": lambda x: tf.boolean_mask(x, x > 0.5),
        "split": lambda x: tf.split(x, [1, -1], axis=1)[1] ** 2,
        "stack": lambda x: tf.stack([x[0, 0, 0], 2.0 * x[1, 1, 1], 3.0]),
        "mixed list": lambda x: tf.convert_to_tensor([x[0, 0, 0], 2.0 * x[1, 1, 1]]),
        "resize": lambda x: tf.image.resize(x[..., None], [5, 3]) ** 2,
        "crop": lambda x: tf.image.crop_and_resize(
            x[..., None], [[0.1, 0.2, 0.9, 0.8]], [1], [2, 2]
        ),
        "clip": lambda x: tf.clip_by_norm(x, 0.5) ** 2,
        "where": lambda x: tf.where(x > 0.5, x**2, 0.0),
        "map_fn": lambda x: tf.map_fn(lambda r: tf.reduce_max(r) * r, x),
        "scan": lambda x: tf.scan(lambda a, r: a * r, x),
        "while": lambda x: tf.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, s * x), (0, x))[
            1
        ],
        "band": lambda x: tf.linalg.band_part(x, 0, -1) ** 3,
        "norm": lambda x: tf.norm(x, axis=1),
        "hsv": lambda x: tf.image.rgb_to_hsv(x[..., :3]),
        "accumulate": lambda x: tf.cumsum(x, axis=1, exclusive=True, reverse=True) ** 2,
        "array": lambda x: tf.TensorArray(tf.float32, 2).write(0, x[0]).write(1, x[1] ** 2).stack(),
    }
    weights = np.random.RandomState(1)
    for name, f in functions.items():
        with tf.GradientTape() as tape:
            y = f(x)
            w = weights.rand(*y.shape).astype("float32")
            loss = tf.reduce_sum(y * w)
        gradient = tape.gradient(loss, x).numpy()
        direction = weights.rand(2, 3, 4) - 0.5
        step = 1e-3
        ends = [
            np.sum(np.asarray(f(tf.constant(x.numpy() + s * direction, tf.float64)), "float64") * w)
            if name not in ("while",)
            else None
            for s in (step, -step)
        ]
        if ends[0] is not None:
            assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(
                np.sum(gradient * direction), rel=2e-2, abs=2e-3
            ), name
        assert np.abs(gradient).max() > 0, name


def test_hue_and_saturation_of_any_colors_in_any_number_of_axes(tf):
    colors = [[0.2, 0.5, 0.7], [1.5, -0.2, 0.3], [-1.0, -2.0, -3.0], [1.0, 1.0, 1.0]]
    expected = [  # of TensorFlow 2.21
        [0.56666667, 0.71428573, 0.7],
        [0.9509804, 1.1333333, 1.5],
        [0.08333334, 0.0, -1.0],
        [0.0, 0.0, 1.0],
    ]
    for shape in [(4, 3), (2, 2, 3), (1, 2, 1, 2, 1, 3)]:
        found = tf.image.rgb_to_hsv(tf.constant(colors, shape=shape))
        assert found.shape == shape
        np.testing.assert_allclose(found.numpy().reshape(4, 3), expected, rtol=1e-6, atol=1e-7)
    for shape in [(2, 6), (3, 4), ()]:
        with pytest.raises(ValueError, match="rgb_to_hsv: the last axis .* 3 channels. Received"):
            tf.image.rgb_to_hsv(tf.zeros(shape))
    inputs = minikeras.Input((None, None, 3))
    model = minikeras.Model(inputs, tf.image.rgb_to_hsv(inputs))
    found = model.predict(np.array(colors, "float32").reshape(1, 2, 2, 3), verbose=0)
    np.testing.assert_allclose(found.reshape(4, 3), expected, rtol=1e-6, atol=1e-7)


def test_a_gradient_of_ones_own(tf):
    @tf.custom_gradient
    def f(x):
        return x * x, lambda upstream: upstream * 10.0

    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    assert (float(y), float(tape.gradient(y, x))) == (9.0, 10.0)
    with pytest.raises(RuntimeError, match="GradientTape"):
        tf.gradients(y, x)
    v, w = tf.Variable(1.0), tf.Variable(2.0)
    with tf.GradientTape() as tape:
        z = v * 2
    zero = tf.UnconnectedGradients.ZERO
    assert [float(g) for g in tape.gradient(z, [v, w], unconnected_gradients=zero)] == [2.0, 0.0]


def test_random_numbers(tf):
    tf.random.set_seed(1)
    first = tf.random.normal([1000], mean=3.0, stddev=0.5)
    assert first.dtype == tf.float32 and abs(float(tf.reduce_mean(first)) - 3) < 0.1
    layer = minikeras.layers.Dense(3)
    layer.build((None, 2))
    tf.random.set_seed(1)
    assert np.array_equal(tf.random.normal([1000], mean=3.0, stddev=0.5), first)
    assert not np.array_equal(tf.random.normal([1000]), tf.random.normal([1000]))
    ints = tf.random.uniform([1000], maxval=5, dtype=tf.int64)
    assert ints.dtype == tf.int64 and set(ints.numpy()) == {0, 1, 2, 3, 4}
    u = tf.random.uniform([1000], -2, 2, dtype=tf.float64)
    assert u.dtype == tf.float64 and -2 <= u.numpy().min() < -1.8 and 1.8 < u.numpy().max() <= 2
    assert float(tf.reduce_max(tf.abs(tf.random.truncated_normal([1000], stddev=2.0)))) <= 4.0
    assert sorted(tf.random.shuffle(tf.range(9)).numpy()) == list(range(9))
    drawn = tf.random.categorical(tf.math.log([[0.5, 0.5, 1e-9]]), 200)
    assert drawn.dtype == tf.int64 and set(drawn.numpy()[0]) == {0, 1}
    a = tf.random.stateless_normal([3], seed=[1, 2])
    assert np.array_equal(a, tf.random.stateless_normal([3], seed=(1, 2)))
    assert not np.array_equal(a, tf.random.stateless_normal([3], seed=(2, 1)))
    g = tf.random.Generator.from_seed(7)
    h = tf.random.Generator.from_seed(7)
    assert np.array_equal(g.normal([4]), h.normal([4]))
    assert not np.array_equal(g.uniform([4]), g.uniform([4]))
    assert tf.random.poisson([50], [1.0, 100.0]).shape.as_list() == [50, 2]
    assert tf.random.gamma([5], [1.0, 2.0]).shape.as_list() == [5, 2]
    assert tf.image.random_crop(np.ones((5, 6, 3)), [2, 3, 3]).shape.as_list() == [2, 3, 3]
    with pytest.raises(ValueError, match="`maxval` is needed"):
        tf.random.uniform([2], dtype=tf.int32)


def test_colors_that_are_changed_at_random(tf):
    image = np.random.RandomState(0).rand(4, 4, 3).astype("float32")
    same = tf.image.random_contrast(image, upper=2.0, lower=2.0)
    np.testing.assert_array_equal(same, tf.image.adjust_contrast(image, 2.0))
    drawn = [
        tf.image.stateless_random_brightness(image, 0.2, seed) for seed in [(1, 2), (1, 2), (3, 4)]
    ]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    changes = [float(tf.reduce_mean(d - image)) for d in drawn]
    assert changes[0] != changes[2] and max(map(abs, changes)) <= 0.2 + 1e-6
    with pytest.raises(TypeError, match="upper"):
        tf.image.random_saturation(image, 0.5)


def test_files_and_images(tf, tmp_path):
    pytest.importorskip("PIL")
    pixels = np.random.RandomState(0).randint(0, 255, (5, 4, 3)).astype("uint8")
    path = str(tmp_path / "deep" / "image.png")
    tf.io.write_file(path, tf.io.encode_png(pixels))
    contents = tf.io.read_file(tf.constant(path))
    assert contents.numpy()[:4] == b"\x89PNG" and contents.dtype == tf.string
    for decode in (tf.io.decode_png, tf.io.decode_image, tf.image.decode_image):
        np.testing.assert_array_equal(decode(contents), pixels)
    assert tf.io.decode_png(contents, channels=1).shape.as_list() == [5, 4, 1]
    assert tf.io.decode_image(contents, dtype=tf.float32).numpy().max() <= 1.0
    jpeg = tf.io.encode_jpeg(np.full((8, 8, 3), 100, "uint8"), quality=95)
    assert abs(tf.io.decode_jpeg(jpeg).numpy().astype(int) - 100).max() <= 2
    gfile = tf.io.gfile
    assert gfile.exists(path) and gfile.glob(str(tmp_path / "*" / "*.png")) == [path]
    with gfile.GFile(str(tmp_path / "a.txt"), "w") as file:
        file.write("1.5,a\n2.5,b\n")
    lines = [line.numpy() for line in tf.data.TextLineDataset(str(tmp_path / "a.txt"))]
    assert lines == [b"1.5,a", b"2.5,b"]
    number, letter = tf.io.decode_csv(lines, [0.0, ""])
    assert number.numpy().tolist() == [1.5, 2.5] and letter.numpy().tolist() == [b"a", b"b"]
    assert tf.io.decode_raw(b"\x01\x00\x02\x00", tf.int16).numpy().tolist() == [1, 2]
    gfile.rmtree(str(tmp_path / "deep"))
    assert not gfile.exists(path)


def test_sounds(tf, tmp_path):
    path = str(tmp_path / "tone.wav")
    tone = (np.sin(np.arange(160) / 5) * 2**14).astype("<i2")
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(tone.tobytes())
    audio, rate = tf.audio.decode_wav(tf.io.read_file(path), desired_samples=200)
    assert audio.shape.as_list() == [200, 1] and int(rate) == 8000
    np.testing.assert_allclose(audio.numpy()[:160, 0], tone / 32768)
    assert not audio.numpy()[160:].any()


def test_candidates_are_drawn_by_the_logarithm_of_their_place(tf):
    drawn = tf.random.log_uniform_candidate_sampler([[3]], 1, 5000, False, 10, seed=1)
    counts = np.bincount(drawn.sampled_candidates.numpy(), minlength=10) / 5000
    odds = np.log((np.arange(10) + 2) / (np.arange(10) + 1)) / np.log(11)
    np.testing.assert_allclose(counts, odds, atol=0.03)
    np.testing.assert_allclose(drawn.true_expected_count, [[odds[3] * 5000]], rtol=1e-5)
    few = tf.random.log_uniform_candidate_sampler([[0]], 1, 10, True, 10)
    assert sorted(few.sampled_candidates.numpy()) == list(range(10))


def test_modules_and_checkpoints(tf, tmp_path):
    class Line(tf.Module):
        def __init__(self):
            super().__init__(name="line")
            self.slope = tf.Variable(2.0)
            self.parts = [tf.Variable(1.0, trainable=False), minikeras.layers.Dense(2)]

    line = Line()
    line.parts[1].build((None, 3))
    assert len(line.variables) == 4 and len(line.trainable_variables) == 3
    assert line.name == "line" and len(line.submodules) == 1

    optimizer = minikeras.optimizers.Adam(0.1)
    optimizer.apply([1.0], [line.slope])
    step = tf.Variable(5)
    manager = tf.train.CheckpointManager(
        tf.train.Checkpoint(line=line, optimizer=optimizer, step=step),
        tmp_path / "c",
        max_to_keep=2,
    )
    paths = [manager.save() for _ in range(3)]
    assert manager.checkpoints == paths[1:] and manager.latest_checkpoint == paths[-1]
    assert tf.train.latest_checkpoint(tmp_path / "c") == paths[-1]
    slope = float(line.slope.numpy())

    other, step2, fresh = Line(), tf.Variable(0), minikeras.optimizers.Adam(0.5)
    other.parts[1].build((None, 3))
    checkpoint = tf.train.Checkpoint(line=other, optimizer=fresh, step=step2)
    checkpoint.restore(paths[-1]).assert_consumed()
    assert float(other.slope.numpy()) == slope and int(step2) == 5
    fresh.apply([0.0], [other.slope])  # takes its state in its first step
    assert int(fresh.iterations) == 2 and float(fresh.learning_rate) == pytest.approx(0.1)
    unbuilt = tf.train.Checkpoint(line=minikeras.layers.Dense(2), optimizer=optimizer, step=step)
    with pytest.raises(ValueError, match="Build it first"):
        unbuilt.restore(paths[-1])
    partial = tf.train.Checkpoint(step=step2).restore(paths[-1])
    partial.expect_partial()
    with pytest.raises(AssertionError, match="line"):
        partial.assert_consumed()
    assert tf.train.latest_checkpoint(tmp_path) is None


def test_minimize_of_optimizers(tf):
    v = tf.Variable(5.0)
    optimizer = minikeras.optimizers.SGD(0.1)
    for _ in range(60):
        optimizer.minimize(lambda: (v - 2.0) ** 2, var_list=[v])
    assert abs(float(v.numpy()) - 2.0) < 1e-3


def test_checks(tf):
    tf.debugging.assert_equal([1, 2], [1, 2])
    tf.debugging.assert_shapes([(tf.ones([2, 3]), ("N", "M")), (tf.ones([3, 2]), ("M", "N"))])
    with pytest.raises(tf.errors.InvalidArgumentError, match="assert_less: too big"):
        tf.debugging.assert_less([1, 5], 3, message="too big")
    with pytest.raises(tf.errors.InvalidArgumentError, match="NaN here"):
        tf.debugging.check_numerics(tf.constant([np.nan]), "NaN here")
    with pytest.raises(ValueError, match="assert_rank"):
        tf.debugging.assert_rank(tf.ones([2]), 2)
    with pytest.raises(ValueError, match="assert_rank_at_least"):
        tf.debugging.assert_rank_at_least(tf.ones([2]), 2)
    with pytest.raises(TypeError, match="assert_integer: no"):
        tf.debugging.assert_integer([1.0], message="no")


def test_print_shows_values_on_stderr(tf, capsys):
    tf.print("loss:", tf.constant(1.5), tf.constant([1, 2]), sep=" ")
    assert capsys.readouterr().err == "loss: 1.5 [1 2]\n"


def test_what_has_no_meaning_says_so_in_debug(tf, caplog):
    with caplog.at_level(logging.DEBUG, logger="minikeras.compat"):
        tf.config.experimental.set_memory_growth("GPU:0", True)
        tf.config.threading.set_intra_op_parallelism_threads(2)
    assert "tf.config.experimental.set_memory_growth does nothing" in caplog.text
    assert tf.config.list_physical_devices("GPU") == [] and not tf.test.is_gpu_available()
    assert len(tf.config.list_physical_devices("CPU")) == 1


def test_strategies(tf):
    with pytest.warns(UserWarning, match="there is one device"):
        strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        model = minikeras.Sequential([minikeras.layers.Dense(1)])
    assert strategy.num_replicas_in_sync == 1 and strategy.run(lambda x: x + 1, args=(1,)) == 2
    assert model is not None
    with pytest.raises(NotAvailable, match="leave the strategy out"):
        tf.distribute.experimental.TPUStrategy  # noqa: B018


@pytest.mark.parametrize(
    "name, message",
    [
        ("RaggedTensor", "no ragged tensors.*pad_sequences"),
        ("ragged", "no ragged tensors"),
        ("SparseTensor", "no sparse tensors"),
        ("lite", "TensorFlow Lite.*onnx"),
        ("saved_model", "SavedModel.*model.keras"),
        ("estimator", "Keras model"),
        ("raw_ops", "function of `tf` itself"),
    ],
)
def test_what_is_refused_is_named_with_what_to_use(tf, name, message):
    with pytest.raises(NotAvailable, match=f"(?s)`tf.{name}`.*{message}"):
        getattr(tf, name)


def test_summaries_are_written_for_tensorboard(tf, tmp_path):
    pytest.importorskip("tensorboardX")
    from event_files import events, scalars

    assert not tf.summary.scalar("loss", 1.0, step=1)  # there is no writer
    writer = tf.summary.create_file_writer(str(tmp_path))
    with writer.as_default():
        tf.summary.scalar("loss", tf.constant(0.5), step=3)
        tf.summary.histogram("weights", tf.constant([1.0, 2.0]), step=4)
        tf.summary.image("picture", np.ones((1, 2, 3, 1)), step=5)
    with tf.summary.create_noop_writer().as_default():
        assert not tf.summary.scalar("loss", 0.7, step=6)
    writer.close()
    assert scalars(tmp_path) == {("loss", 3): 0.5}
    kinds = [(v.WhichOneof("value"), step) for v, step in events(tmp_path)]
    assert kinds == [("simple_value", 3), ("histo", 4), ("image", 5)]


def test_summaries_need_tensorboardx(tf, tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match="minikeras-numpy.tensorboard."):
        tf.summary.create_file_writer(str(tmp_path))


def test_a_seed_makes_layers_repeatable_and_leaves_numpys_stream_alone(tf):
    def drawn():
        np.random.seed(3)
        tf.random.set_seed(5)
        layer = minikeras.layers.Dense(4)
        return np.asarray(layer(np.ones((1, 3)))), np.random.rand(2)

    (first, numbers), (again, _) = drawn(), drawn()
    np.testing.assert_array_equal(first, again)
    np.random.seed(3)
    np.testing.assert_array_equal(numbers, np.random.rand(2))


def test_what_cells_and_pools_cannot_do_is_refused(tf):
    cells = tf.compat.v1.nn.rnn_cell
    assert cells.LSTMCell(3).unit_forget_bias
    assert not cells.BasicLSTMCell(3, forget_bias=0.0).unit_forget_bias
    for options in ({"forget_bias": 0.5}, {"use_peepholes": True}, {"num_proj": 2}):
        with pytest.raises(ValueError, match=next(iter(options))):
            cells.LSTMCell(3, **options)
    x = np.ones((1, 4, 4, 1), "float32")
    assert tf.nn.pool(x, [2, 2], "MAX", dilations=[1, 1]).shape == (1, 3, 3, 1)
    with pytest.raises(ValueError, match="dilations"):
        tf.nn.pool(x, [2, 2], "MAX", dilations=[2, 2])
    assert tf.compat.v1.Dimension(3).value == 3


@pytest.mark.parametrize(
    "function",
    [
        "lgamma(x)",
        "digamma(x)",
        "polygamma(np.float64(1), x)",
        "zeta(np.float64(2.5), x)",
        "igamma(np.float64(1.5), x)",
        "igammac(np.float64(0.5), x)",
        "betainc(np.float64(2), np.float64(3), x)",
        "lbeta(x)",
        "ndtri(x)",
        "erfcinv(x)",
        "bessel_i0e(x - 0.5)",
        "bessel_i1(x - 0.5)",
        "bessel_i1e(x - 0.5)",
        "cumulative_logsumexp(x)",
        "cumulative_logsumexp(x, exclusive=True, reverse=True)[:2]",
    ],
)
def test_special_functions_have_their_derivatives(tf, function):
    x = np.array([0.1, 0.35, 0.8])
    slope = minikeras.grad(lambda x: tf.reduce_sum(_called(tf, function, x)))(x)
    for i in range(3):
        step = 1e-6 * (np.arange(3) == i)
        up, down = (np.sum(_called(tf, function, tf.constant(x + s))) for s in (step, -step))
        assert np.isclose(slope[i], (up - down) / 2e-6, rtol=1e-6)


def _called(tf, function, x):
    return eval(f"math.{function}", {"math": tf.math, "x": x, "np": np})


def test_noise_contrast_learns_which_words_go_together(tf):
    v1 = tf.compat.v1
    v1.set_random_seed(3)
    with v1.Graph().as_default():
        words = v1.placeholder(tf.int32, [None])
        nearby = v1.placeholder(tf.int32, [None, 1])
        table = v1.get_variable("table", initializer=tf.random.uniform((8, 4), -1, 1, seed=1))
        weights = v1.get_variable("weights", initializer=tf.zeros((8, 4)))
        biases = v1.get_variable("biases", initializer=tf.zeros((8,)))
        inputs = tf.nn.embedding_lookup(table, words)
        loss = tf.reduce_mean(tf.nn.nce_loss(weights, biases, nearby, inputs, 3, 8))
        step = v1.train.GradientDescentOptimizer(0.5).minimize(loss)
        logits = tf.matmul(inputs, weights, transpose_b=True) + biases
        with v1.Session() as session:
            session.run(v1.global_variables_initializer())
            x = np.arange(8)
            fed = {words: x, nearby: ((x + 1) % 8)[:, None]}
            losses = [session.run([loss, step], fed)[0] for _ in range(300)]
            assert len(set(losses[-20:])) == 20  # other classes are drawn in each step
            assert (session.run(logits, fed).argmax(1) == (x + 1) % 8).all()
