"""Trainings of models whose kernels are split over ranks, which must come out as those of one process.

`split_cases.py FOLDER [SIZE,SIZE...]` runs them on a mesh of each size given, or whole if none is, and
lets rank 0 write what came out.
"""

from __future__ import annotations

import copy
import os
import sys

import numpy as np

import minikeras as keras
from minikeras import layers, ops
from minikeras.common.ranks import ranks

CASES = {}
LAYOUTS = {}


def case(**layouts):
    """Register a case, with the axis of each weight, by path, that is split along the model axis."""

    def register(function):
        CASES[function.__name__] = function
        LAYOUTS[function.__name__] = layouts
        return function

    return register


def outcome(model, history=None, *arrays):
    found = {f"weight {i}": w for i, w in enumerate(model.get_weights())}
    if getattr(model, "optimizer", None) is not None:
        for i, v in enumerate(model.optimizer.variables):
            found[f"slot {i}"] = v.numpy()
    for name, values in (history.history if history is not None else {}).items():
        found[f"history {name}"] = np.array(values)
    for i, a in enumerate(arrays):
        found[f"array {i}"] = np.asarray(a)
    return found


RNG = np.random.default_rng(0)
TOKENS = RNG.integers(0, 24, (23, 12))
IMAGES = RNG.normal(size=(23, 6, 8)).astype("float32")
TARGETS = RNG.normal(size=(23, 4)).astype("float32")
WEIGHTS = RNG.random(23).astype("float32")


def tokens_model():
    inputs = keras.Input((12,), dtype="int32")
    x = layers.Embedding(24, 12, name="emb", embeddings_regularizer="l2")(inputs)
    x = layers.EinsumDense(
        "abc,cde->abde", (12, 12, 2), bias_axes="de", name="ein", activation="tanh"
    )(x)
    x = layers.EinsumDense("abde,dec->abc", (12, 12), bias_axes="c", name="back")(x)
    x = layers.EinsumDense("abc,bc->abc", (12, 12), bias_axes="b", name="each")(x)
    x = layers.Flatten()(x)
    penalty = keras.regularizers.L1L2(1e-3, 1e-3)
    x = layers.Dense(24, activation="relu", name="d1", kernel_regularizer=penalty)(x)
    x = layers.BatchNormalization()(layers.Dropout(0.3)(x))
    orthogonal = keras.regularizers.OrthogonalRegularizer(1e-3)
    x = layers.Dense(
        12, "softmax", name="d2", kernel_constraint="max_norm", kernel_regularizer=orthogonal
    )(x)
    return keras.Model(inputs, layers.Dense(4, name="out")(x))


def train_tokens():
    model = tokens_model()
    model.compile(keras.optimizers.Adam(1e-2, global_clipnorm=0.5), "mse", metrics=["mae"])
    options = {"batch_size": 4, "epochs": 2, "verbose": 0, "validation_split": 0.2}
    history = model.fit(TOKENS, TARGETS, sample_weight=WEIGHTS, **options)
    scores = model.evaluate(TOKENS, TARGETS, batch_size=5, verbose=0)
    on_batch = model.train_on_batch(TOKENS[:5], TARGETS[:5])
    return outcome(model, history, scores, model.predict(TOKENS, verbose=0), on_batch)


@case(
    **{"emb/.*": 0, "d1/kernel": 1, "d1/bias": 0, "d2/kernel": 0, "d2/bias": 0},
    **{"ein/kernel": 1, "ein/bias": 0, "back/kernel": 0},
)
def outputs_then_inputs():
    return train_tokens()


@case(
    **{
        "emb/.*": 1,
        "d1/kernel": 0,
        "d2/kernel": 1,
        "ein/kernel": 0,
        "back/kernel": 2,
        "back/bias": 0,
    },
    **{"each/kernel": 1},
)
def inputs_then_outputs():
    return train_tokens()


@case(**{"each/.*": 0, "d1/kernel": 1, "back/kernel": 2})
def biases_whole():
    return train_tokens()


def vectors_model(policy="float64"):
    inputs = keras.Input((6, 8))
    attention = layers.MultiHeadAttention(12, 3, use_bias=False, name="mha", dtype=policy)
    dense = layers.Dense(24, activation="gelu", name="d1", dtype=policy)
    x = layers.TimeDistributed(dense, name="td")(attention(inputs, inputs))
    x = layers.Dense(12, name="d2", dtype=policy)(x)
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(
        inputs,
        layers.Dense(4, name="out", dtype="float64" if policy == "float64" else "float32")(x),
    )


HEADS = {
    "mha/(query|key|value)/kernel": 1,
    "mha/attention_output/kernel": 0,
    "td/d1/kernel": 1,
    "d2/kernel": 0,
}


@case(**HEADS)
def optimizers():
    found = {}
    kinds = keras.optimizers
    for name, optimizer in {
        "adamw": kinds.AdamW(1e-2, weight_decay=0.1, clipnorm=0.1),
        "accumulated": kinds.SGD(0.1, momentum=0.9, gradient_accumulation_steps=2),
        "averaged": kinds.RMSprop(1e-3, use_ema=True, ema_overwrite_frequency=2),
        "clipped": kinds.Nadam(1e-3, clipvalue=0.01),
        "lion": kinds.Lion(1e-3),
    }.items():
        model = vectors_model()
        model.get_layer("d2").trainable = name != "clipped"
        model.compile(optimizer, "mse")
        history = model.fit(IMAGES, TARGETS, batch_size=6, epochs=2, verbose=0)
        found.update({f"{name} {k}": v for k, v in outcome(model, history).items()})
    return found


@case(**HEADS)
def half_precision():
    found = {}
    for policy in ("mixed_bfloat16", "mixed_float16"):
        model = vectors_model(policy)
        optimizer = keras.optimizers.SGD(0.1)
        if policy == "mixed_float16":  # some steps overflow: all ranks must skip them alike
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=2.0**24)
        model.compile(optimizer, "mse")
        history = model.fit(IMAGES, TARGETS, batch_size=6, epochs=3, verbose=0)
        found[f"rough {policy}"] = np.array(history.history["loss"])
        if policy == "mixed_float16":
            found["scale"] = optimizer.dynamic_scale.numpy()
            assert optimizer.dynamic_scale.numpy() < 2.0**24
    return found


@case(**HEADS)
def other_ways():
    """A gradient of a gradient, an operation on the whole kernel, stateless calls, a loop of one's own."""
    model = vectors_model()
    kernel = model.get_layer("d2").kernel
    with keras.GradientTape() as outer:
        x = ops.convert_to_tensor(IMAGES[:2])
        outer.watch(x)
        with keras.GradientTape() as inner:
            inner.watch(x)
            y = ops.sum(ops.square(model(x)))
        g = inner.gradient(y, x)
        z = ops.sum(ops.square(g)) + ops.sum(ops.square(ops.matmul(ops.transpose(kernel), kernel)))
    second = outer.gradient(z, x)
    values = [v.numpy() for v in model.trainable_variables]
    called, _ = model.stateless_call(values, [], IMAGES[:2])
    optimizer = keras.optimizers.Adam(1e-2)
    for _ in range(2):
        with keras.GradientTape() as tape:
            loss = ops.mean(ops.square(model(IMAGES) - TARGETS)) + 0.1 * ops.max(kernel)
        weights = model.trainable_variables
        optimizer.apply(tape.gradient(loss, weights), weights)
    found = outcome(model, None, y, g, second, called, loss)
    kernel.assign_add(np.ones((1, 12)))
    kernel[0] = np.arange(12.0)
    return found | {"changed": kernel.numpy(), "part": kernel[1:3, 2], "sum": (kernel + 1).numpy()}


@case(**{"d1/kernel": 1, "d2/kernel": 0})
def rematerialized():
    with keras.RematScope("full"):
        inputs = keras.Input((8,))
        x = layers.Dense(24, activation="gelu", name="d1")(inputs)
        model = keras.Model(inputs, layers.Dense(4, name="d2")(x))
    model.compile("adam", "mse")
    history = model.fit(IMAGES[:, 0], TARGETS, batch_size=8, epochs=2, verbose=0)
    return outcome(model, history)


@case(**HEADS)
def files():
    checkpoint = keras.callbacks.ModelCheckpoint("best.keras", "loss", save_best_only=True)
    backup = keras.callbacks.BackupAndRestore("backup", delete_checkpoint=False)
    model = vectors_model()
    model.compile("adam", "mse")
    model.fit(IMAGES, TARGETS, batch_size=8, epochs=2, verbose=0, callbacks=[checkpoint, backup])
    names = ("whole.keras", "w.weights.h5", "w.weights.npz", "w.h5", "w.safetensors")
    for name in names:
        save = model.save if name in ("whole.keras", "w.h5") else model.save_weights
        save(name)
    with_weights = vectors_model()
    for name in names[1:]:
        with_weights.set_weights([np.zeros(v.shape) for v in with_weights.weights])
        with_weights.load_weights(name)
        for a, b in zip(with_weights.get_weights(), model.get_weights()):
            np.testing.assert_array_equal(a, b)
    loaded = keras.models.load_model("whole.keras")
    assert is_split(loaded) == is_split(model)
    again = vectors_model()
    again.compile("adam", "mse")
    backup = keras.callbacks.BackupAndRestore("backup", delete_checkpoint=False)
    found = {}
    for name, one in (("loaded", loaded), ("resumed", again)):
        callbacks = [backup] if one is again else None
        history = one.fit(
            IMAGES, TARGETS, batch_size=8, epochs=3, initial_epoch=2, verbose=0, callbacks=callbacks
        )
        found |= {f"{name} {k}": v for k, v in outcome(one, history).items()}
    return found


@case(**{"d1/kernel": 1, "d2/kernel": 0})
def own_rows():
    """Each rank along the batch axis brings rows of its own."""
    distribution = keras.distribution.distribution()
    start, n = 0, 1
    if distribution is not None:
        distribution.auto_shard_dataset = False
        start, n = distribution.data_shard_id, distribution.num_model_replicas
    model = vectors_model()
    model.compile("adam", "mse")
    batches = [(IMAGES[i + start : i + 8 : n], TARGETS[i + start : i + 8 : n]) for i in (0, 8, 16)]
    return outcome(model, model.fit(iter(batches), steps_per_epoch=3, verbose=0))


def is_split(model):
    return any(type(v).__name__ == "SplitVariable" for v in model.weights)


def check_memory(parts):
    """Each rank holds its part of value, gradient and slots, and the rest of the model."""
    inputs = keras.Input((60,))
    model = keras.Model(inputs, layers.Dense(1)(layers.Dense(120, name="d1")(inputs)))
    model.compile("adam", "mse")
    model.fit(np.ones((8, 60)), np.ones((8, 1)), verbose=0)
    split, rest = 60 * 120, 120 + 120 + 1
    assert model.count_params() == split + rest
    (group,) = model.optimizer._groups
    for flat in (group.values.flat, group.grads, *[slot.flat for slot in group.slots.values()]):
        assert flat.size == split // parts + rest


def check_overflow(parts):
    """A gradient that is not finite in one rank's part makes all of them skip the step."""
    dense = layers.Dense(24, use_bias=False, name="d1")
    dense.build((None, 3))
    (kernel,) = dense.weights
    before = kernel.numpy()
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1), initial_scale=8.0)
    part = kernel.array.shape
    assert part == (3, 24 // parts)
    optimizer.apply([np.full(part, np.inf if kernel._split.ranks.rank == 0 else 1.0)], [kernel])
    np.testing.assert_array_equal(kernel.numpy(), before)
    assert optimizer.dynamic_scale.numpy() == 4
    optimizer.apply([np.ones(part)], [kernel])
    assert (kernel.numpy() < before).all()


def check_errors(parts):
    """What cannot be split is refused by name, on every rank."""

    def refused(words, function):
        try:
            function()
        except (ValueError, TypeError) as error:
            assert all(w in str(error) for w in words), str(error)
        else:
            raise AssertionError(f"not refused: {words}")

    model = vectors_model()
    dense = model.get_layer("d2")
    kinds, weights = keras.optimizers, model.trainable_variables
    split = "is split over"
    refused(
        ["'d1'", "Conv1D", "(3, 4, 4)", "only kernels of"],
        lambda: layers.Conv1D(4, 3, name="d1").build((None, 4, 4)),
    )
    refused(
        ["'d1'", "(4, 25)", "equal parts"], lambda: layers.Dense(25, name="d1").build((None, 4))
    )
    refused(["'twice'", "only one axis"], lambda: layers.Dense(24, name="twice").build((None, 24)))
    refused(
        ["'batchwise'", "batches are split"],
        lambda: layers.Dense(24, name="batchwise").build((None, 24)),
    )
    refused(
        ["'long'", "2 axes, the layout 3"], lambda: layers.Dense(24, name="long").build((None, 24))
    )
    refused(["'d1'", "lora"], lambda: layers.Dense(24, name="d1", lora_rank=2).build((None, 24)))
    refused(
        ["'d1'", "int8"],
        lambda: layers.Dense(24, name="d1", dtype="int8_from_float32").build((None, 24)),
    )
    refused(["d2/kernel", split], lambda: dense.quantize("int8"))
    refused(["d2/kernel", split], lambda: dense.enable_lora(2))
    refused(["Muon", "query/kernel", split], lambda: kinds.Muon(0.1).build(weights))
    refused(["Adafactor", split], lambda: kinds.Adafactor(0.1).build(weights))
    refused(["clipnorm_per_sample"], lambda: kinds.SGD(0.1, clipnorm_per_sample=1.0).build(weights))
    refused(["query/kernel", split], lambda: copy.deepcopy(model))
    refused(["query/kernel", split], lambda: model.export("m.onnx", format="onnx"))
    refused(["d2/kernel", "(24, 12)", "(24, 6)"], lambda: dense.kernel.assign(np.zeros((24, 6))))
    refused(["shape"], lambda: dense.set_weights([np.zeros((24 // parts, 12)), np.zeros(12)]))
    text = repr(dense.kernel)
    assert "d2/kernel" in text and "shape=(24, 12)" in text and f"of {parts}" in text
    lines = []
    model.summary(print_fn=lambda line, **_: lines.append(line))
    assert f"{model.count_params():,}" in "\n".join(lines)


def use_mesh(shape, layouts):
    distribution = keras.distribution
    mesh = distribution.DeviceMesh(shape, ("batch", "model"))
    found = distribution.LayoutMap(mesh)
    for path, axis in layouts.items():
        found[path] = (*[None] * axis, "model")
    distribution.set_distribution(distribution.ModelParallel(layout_map=found))
    return found


def run(folder, shape):
    results = {}
    os.makedirs(folder, exist_ok=True)
    os.chdir(folder)
    for name, function in CASES.items():
        if shape is not None:
            use_mesh(shape, LAYOUTS[name])
        keras.utils.set_random_seed(5)
        keras.config.set_floatx(
            "float64"
        )  # in which rounding does not grow to what an error would be
        keras.config.set_dtype_policy("float64")
        keras.backend.clear_session()
        results |= {f"{name}: {key}": np.asarray(value) for key, value in function().items()}
    return results


if __name__ == "__main__":
    _, folder, *shapes = sys.argv
    for text in shapes or [""]:
        shape = tuple(map(int, text.split(","))) if text else None
        results = run(os.path.join(folder, text or "one"), shape)
        if shape is not None:
            layouts = use_mesh(shape, HEADS | {"d1/kernel": 1})
            layouts["twice/kernel"] = ("model", "model")
            layouts["batchwise/kernel"] = ("batch", None)
            layouts["long/kernel"] = (None, None, "model")
            check_memory(shape[1])
            check_overflow(shape[1])
            check_errors(shape[1])
        if ranks().rank == 0:
            np.savez(os.path.join(folder, f"{text or 'one'}.npz"), **results)
