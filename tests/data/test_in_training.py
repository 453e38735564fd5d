"""`fit`, `evaluate` and `predict` on data sets, and trainings that go on where they were killed."""

import numpy as np
import pytest

import minikeras
from minikeras import callbacks, layers
from minikeras.data import AUTOTUNE, Dataset

rng = np.random.default_rng(0)
X = rng.normal(size=(20, 3)).astype("float32")
Y = (X.sum(1) > 0).astype("int32")


def built(**kwargs):
    minikeras.utils.set_random_seed(1)
    model = minikeras.Sequential([layers.Dense(2, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", **kwargs)
    return model


class Seen(callbacks.Callback):
    """Counts batches by epoch."""

    def __init__(self):
        super().__init__()
        self.steps = []

    def on_epoch_begin(self, epoch, logs=None):
        self.steps.append(0)

    def on_train_batch_end(self, batch, logs=None):
        self.steps[-1] += 1


def weights(model):
    return [w.tolist() for w in model.get_weights()]


def test_batches_of_a_data_set_train_as_those_of_arrays():
    dataset = Dataset.from_tensor_slices((X, Y)).batch(6)
    one, other = built(metrics=["accuracy"]), built(metrics=["accuracy"])
    a = one.fit(dataset, epochs=2, validation_data=dataset.take(2), verbose=0)
    b = other.fit(
        X, Y, batch_size=6, epochs=2, shuffle=False, validation_data=(X[:12], Y[:12]),
        validation_batch_size=6, verbose=0,
    )  # fmt: skip
    assert a.history == b.history and weights(one) == weights(other)
    assert one.evaluate(dataset, verbose=0) == other.evaluate(X, Y, batch_size=6, verbose=0)
    expected = other.predict(X, verbose=0)
    np.testing.assert_allclose(one.predict(dataset, verbose=0), expected, rtol=1e-6)
    inputs = dataset.map(lambda x, y: x).prefetch(AUTOTUNE)
    np.testing.assert_allclose(one.predict(inputs, verbose=0), expected, rtol=1e-6)


def test_elements_are_steps():
    seen = Seen()
    dataset = Dataset.from_tensor_slices((X, Y)).shuffle(20)
    built().fit(dataset.batch(6), epochs=2, callbacks=[seen], verbose=0)
    assert seen.steps == [4, 4]
    built().fit(dataset.repeat().batch(6), epochs=2, steps_per_epoch=5, callbacks=[seen], verbose=0)
    assert seen.steps == [4, 4, 5, 5]
    unknown = dataset.filter(lambda x, y: True).batch(10)
    built().fit(unknown, epochs=2, callbacks=[seen], verbose=0)
    assert seen.steps == [4, 4, 5, 5, 2, 2]


def test_epochs_are_shuffled_anew():
    passed = []

    def note(x, y):
        passed.append(y.tolist())
        return x, y * 0

    dataset = Dataset.from_tensor_slices((X, np.arange(20))).shuffle(20, seed=1).batch(5).map(note)
    built().fit(dataset, epochs=3, verbose=0)
    epochs = [[i for batch in passed[e : e + 4] for i in batch] for e in (0, 4, 8)]
    assert len(passed) == 12 and all(sorted(epoch) == list(range(20)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3


def test_class_weight_and_sample_weight():
    dataset = Dataset.from_tensor_slices((X, Y)).batch(6)
    weighted = Dataset.from_tensor_slices((X, Y, np.where(Y, 3.0, 0.5).astype("float32"))).batch(6)
    one, other = built(), built()
    one.fit(dataset, class_weight={0: 0.5, 1: 3.0}, verbose=0)
    other.fit(weighted, verbose=0)
    assert weights(one) == weights(other)


def test_dicts_are_inputs_by_name():
    a, b = minikeras.Input((2,), name="a"), minikeras.Input((1,), name="b")
    model = minikeras.Model({"a": a, "b": b}, layers.Dense(1)(layers.Concatenate()([a, b])))
    model.compile("sgd", "mse")
    dataset = Dataset.from_tensor_slices(({"a": X[:, :2], "b": X[:, 2:]}, X[:, :1]))
    model.fit(dataset.batch(8), verbose=0)
    assert model.predict(dataset.batch(8), verbose=0).shape == (20, 1)


@pytest.mark.parametrize("steps_per_execution", [1, 3])
def test_an_iterator_of_a_data_set(steps_per_execution):
    model = built(steps_per_execution=steps_per_execution)
    dataset = Dataset.from_tensor_slices((X, Y)).batch(5).repeat()
    assert len(model.fit(iter(dataset), steps_per_epoch=3, epochs=2, verbose=0).epoch) == 2


def test_what_is_no_data():
    with pytest.raises(ValueError, match="`y` must not be given when `x` is a Dataset"):
        built().fit(Dataset.from_tensor_slices(X).batch(2), Y, verbose=0)
    with pytest.raises(ValueError, match="length is 0"):
        built().fit(Dataset.from_tensor_slices((X, Y)).batch(2).take(0), verbose=0)


def test_errors_of_functions_reach_the_user():
    def broken(x, y):
        raise RuntimeError("in the function")

    dataset = Dataset.from_tensor_slices((X, Y)).batch(4).map(broken, 2).prefetch(2)
    with pytest.raises(RuntimeError, match="in the function") as caught:
        built().fit(dataset, verbose=0)
    assert any(entry.name == "broken" for entry in caught.traceback)


# Going on.


class Crash(Exception):
    pass


class CrashAt(callbacks.Callback):
    def __init__(self, epoch, batch):
        super().__init__()
        self.at = epoch, batch

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
        if self.at == (epoch, None):
            raise Crash

    def on_train_batch_begin(self, batch, logs=None):
        if self.at == (self.epoch, batch):
            raise Crash


PIPELINES = {
    "shuffled": lambda d: d.shuffle(20).batch(4),
    "with a seed": lambda d: d.shuffle(7, seed=3).batch(4).prefetch(2),
    "element by element": lambda d: d.map(lambda x, y: (x, y), 2).shuffle(9).batch(4).prefetch(3),
    "cached": lambda d: d.shuffle(20).cache().shuffle(6).batch(4),
    "inner data sets": lambda d: Dataset.range(2).interleave(
        lambda i: d.shard(2, i).shuffle(10), num_parallel_calls=2
    ).batch(4),
    "global draws": lambda d: d.shuffle(20).batch(4).map(lambda x, y: (x + np.random.rand() / 9, y)),
}  # fmt: skip


@pytest.mark.parametrize("crash", [(0, 2), (1, None), (1, 3)])
@pytest.mark.parametrize("repeated", [False, True])
@pytest.mark.parametrize("name", PIPELINES)
def test_a_training_goes_on_with_the_batches_that_are_left(tmp_path, name, repeated, crash):
    """In a new process all is made anew, with other seeds: nothing of that may show."""

    def train(seed, *more):
        model = built()
        minikeras.utils.set_random_seed(seed)
        dataset = PIPELINES[name](Dataset.from_tensor_slices((X, Y)))
        kwargs = {"steps_per_epoch": 4} if repeated else {}
        dataset = dataset.repeat() if repeated else dataset
        history = model.fit(dataset, epochs=3, callbacks=list(more), verbose=0, **kwargs)
        return weights(model), history.history

    expected = train(5)
    directory = str(tmp_path)
    with pytest.raises(Crash):
        train(5, callbacks.BackupAndRestore(directory, save_freq=1), CrashAt(*crash))
    got = train(99, callbacks.BackupAndRestore(directory, save_freq=1))
    assert got == expected


def test_data_without_an_end_needs_a_number_of_steps():
    model = minikeras.Sequential([minikeras.layers.Dense(1)])
    model.compile("sgd", "mse")
    endless = Dataset.from_tensor_slices((np.ones((8, 3)), np.ones((8, 1)))).repeat().batch(4)
    for call in (model.fit, model.evaluate, model.predict):
        with pytest.raises(ValueError, match="no end: say how many batches"):
            call(endless, verbose=0)
    with pytest.raises(ValueError, match="validation_steps"):
        model.fit(np.ones((4, 3)), np.ones((4, 1)), validation_data=endless, verbose=0)
    assert len(model.fit(endless, steps_per_epoch=3, epochs=2, verbose=0).history["loss"]) == 2


def test_a_step_of_ones_own_gets_elements_as_they_are():
    seen = []

    class Own(minikeras.Model):
        def train_step(self, data):
            seen.append(minikeras.tree.map_structure(lambda a: a.shape, data))
            return {"loss": 0.0}

    def structure_of(data):
        model = Own()
        model.compile("sgd")
        model.fit(data, verbose=0)
        return seen.pop()

    images = Dataset.from_tensor_slices(X).batch(20)
    assert structure_of(images) == (20, 3)  # as TensorFlow's data sets give it: no tuple of one
    four = Dataset.zip((images, images, images, images))
    assert structure_of(four) == ((20, 3),) * 4
    pairs = Dataset.zip((Dataset.zip((images, images)), images))
    assert structure_of(pairs) == (((20, 3), (20, 3)), (20, 3))
    with pytest.raises(ValueError, match="Received a tuple of length 4"):
        built().fit(four, verbose=0)
    model = minikeras.Sequential([layers.Dense(2)])
    assert model.predict(images, verbose=0).shape == (20, 2)
