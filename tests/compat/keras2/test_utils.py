"""`keras.utils` of Keras 2."""

import numpy as np
import pytest

import minikeras
from minikeras import layers
from minikeras.compat.keras2 import data_utils, utils


def test_to_categorical(keras2):
    old = utils.NAMES["to_categorical"]
    for made in (
        old([0, 2]),
        old([0, 2], 3),
        old(y=[0, 2], nb_classes=3),
        old([0, 2], 3, "float32"),
    ):
        np.testing.assert_array_equal(made, [[1, 0, 0], [0, 0, 1]])


class Squares(minikeras.utils.Sequence):
    def __init__(self):
        self.passes = 0

    def __len__(self):
        return 5

    def __getitem__(self, i):
        return i * i

    def on_epoch_end(self):
        self.passes += 1


@pytest.mark.parametrize("workers, ahead", [(1, 1), (3, 2), (2, 10)])
def test_sequences_are_given_in_order_over_and_over(workers, ahead):
    squares = Squares()
    enqueuer = data_utils.OrderedEnqueuer(squares)
    enqueuer.start(workers=workers, max_queue_size=ahead)
    batches = enqueuer.get()
    assert [next(batches) for _ in range(11)] == [0, 1, 4, 9, 16] * 2 + [0]
    assert squares.passes == 2 and enqueuer.is_running()
    enqueuer.stop()
    assert not enqueuer.is_running() and list(batches) == []


def test_shuffled_sequences_are_given_whole():
    enqueuer = data_utils.OrderedEnqueuer(Squares(), shuffle=True)
    enqueuer.start()
    batches = enqueuer.get()
    assert sorted(next(batches) for _ in range(5)) == [0, 1, 4, 9, 16]
    enqueuer.stop()


def test_generators_are_drawn_from_ahead_and_their_errors_told():
    def endless():
        yield from range(3)
        raise OSError("no more")

    enqueuer = data_utils.GeneratorEnqueuer(endless(), use_multiprocessing=False)
    enqueuer.start(max_queue_size=1)
    batches = enqueuer.get()
    assert [next(batches) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(OSError, match="no more"):
        next(batches)
    enqueuer.stop()
    enqueuer = data_utils.GeneratorEnqueuer(iter(range(10**6)))
    enqueuer.start()
    assert next(enqueuer.get()) == 0
    enqueuer.stop()
    assert not enqueuer.is_running()
    assert list(data_utils.threadsafe_iterator(iter("ab"))) == ["a", "b"]


def test_parts_of_hdf5_files_are_read_and_trained_on(keras2, tmp_path):
    h5py = pytest.importorskip("h5py")
    data = np.random.RandomState(0).rand(20, 3).astype("float32")
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["x"], file["y"] = data, data[:, :1]
    path = str(tmp_path / "data.h5")
    x = data_utils.HDF5Matrix(path, "x", 4, 16, normalizer=lambda rows: rows * 2)
    assert (
        len(x) == 12
        and x.shape == (12, 3)
        and x.ndim == 2
        and x.size == 36
        and x.dtype == "float32"
    )
    own = data[4:16] * 2
    np.testing.assert_array_equal(x[3], own[3])
    np.testing.assert_array_equal(x[-1], own[-1])
    np.testing.assert_array_equal(x[2:5], own[2:5])
    np.testing.assert_array_equal(x[[5, 1, 5]], own[[5, 1, 5]])
    np.testing.assert_array_equal(np.asarray(x), own)
    assert x[3:3].shape == (0, 3)
    model = minikeras.Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    y = data_utils.HDF5Matrix(path, "y", 4, 16)
    losses = model.fit(x, y, epochs=3, batch_size=4, shuffle="batch", verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert model.predict(x).shape == (12, 1)


def test_models_for_many_gpus_stay_as_they_are(keras2):
    model = minikeras.Sequential([layers.Dense(1, input_shape=(2,))])
    with pytest.warns(UserWarning, match="stays as it is"):
        assert utils.multi_gpu_model(model, gpus=4) is model


def test_small_helpers(keras2):
    lines = []
    utils.print_summary(
        minikeras.Sequential([layers.Dense(1, input_shape=(2,))]), print_fn=lines.append
    )
    assert any("Dense" in line for line in lines)
    assert utils.has_arg(lambda a, *, b: 0, "b") and not utils.has_arg(lambda **k: 0, "a")
    assert utils.has_arg(lambda **k: 0, "a", accept_all=True)
    assert utils.to_list(1) == [1] and utils.to_list((1, 2), allow_tuple=True) == [1, 2]
