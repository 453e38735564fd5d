import json
import threading

import numpy as np
import pytest

from minikeras import random
from minikeras.random import SeedGenerator
from minikeras.random.seed_generator import (
    draw_key,
    forget_global_seed,
    global_seed_generator,
    set_global_seed,
)


def test_each_draw_counts():
    stream = SeedGenerator(3)
    assert stream.state.dtype == "uint32"
    assert not stream.state.trainable
    a, b = random.normal((5,), seed=stream), random.normal((5,), seed=stream)
    assert stream.state.numpy().tolist() == [3, 2]
    assert (np.asarray(a) != np.asarray(b)).all()


def test_equal_seeds_give_equal_streams():
    one, two = SeedGenerator(3), SeedGenerator(3)
    for _ in range(3):
        np.testing.assert_array_equal(random.normal((5,), seed=one), random.normal((5,), seed=two))
    assert (
        np.asarray(random.normal((5,), seed=4)) != np.asarray(random.normal((5,), seed=3))
    ).all()


def test_a_restored_state_restores_the_stream():
    stream = SeedGenerator(3)
    random.normal((5,), seed=stream)
    saved = stream.state.numpy()
    expected = [np.asarray(random.uniform((4,), seed=stream)) for _ in range(3)]
    other = SeedGenerator()
    other.state.assign(saved)
    for e in expected:
        np.testing.assert_array_equal(random.uniform((4,), seed=other), e)


def test_next_gives_the_state_before():
    stream = SeedGenerator(3)
    first, second = stream.next(), stream.next()
    assert first.tolist() == [3, 0] and second.tolist() == [3, 1]
    assert stream.next(ordered=False).tolist() == [3, 2]
    np.testing.assert_array_equal(
        random.normal((3,), seed=first), random.normal((3,), seed=SeedGenerator(3))
    )


def test_unordered_states_are_those_of_keras(keras):
    ours, theirs = SeedGenerator(3), keras.random.SeedGenerator(3)
    for ordered in (True, False, False, True, False):
        np.testing.assert_array_equal(ours.next(ordered), np.asarray(theirs.next(ordered)))


def test_name_and_config():
    stream = SeedGenerator(3, name="stream")
    assert stream.state.path == "stream/seed_generator_state"
    assert stream.get_config() == {"seed": 3, "name": "stream"}
    back = SeedGenerator.from_config(json.loads(json.dumps(stream.get_config())))
    assert back.state.numpy().tolist() == [3, 0]
    assert SeedGenerator().get_config()["seed"] is None


@pytest.mark.parametrize("seed", [-1, 2**32, 2.0, "a", [1]])
def test_seeds_that_are_none(seed):
    with pytest.raises(ValueError, match="SeedGenerator: argument `seed`"):
        SeedGenerator(seed)
    with pytest.raises(ValueError, match="seed"):
        draw_key(seed)


def test_numpy_integers_are_seeds():
    assert SeedGenerator(np.int64(3)).state.numpy().tolist() == [3, 0]
    assert draw_key(np.uint32(2**32 - 1)) == (2**32 - 1, 0)


def test_unknown_arguments():
    with pytest.raises(ValueError, match="unrecognized keyword arguments"):
        SeedGenerator(3, foo=1)


def test_seeds_that_nobody_gives_come_from_numpy():
    np.random.seed(7)
    a = [SeedGenerator().state.numpy()[0] for _ in range(3)]
    np.random.seed(7)
    assert a == [SeedGenerator().state.numpy()[0] for _ in range(3)]
    assert len(set(a)) == 3


def test_global_stream():
    set_global_seed(5)
    a = [random.normal((3,)).tolist() for _ in range(2)]
    assert a[0] != a[1]
    set_global_seed(5)
    assert a == [random.normal((3,)).tolist() for _ in range(2)]
    np.random.seed(7)
    forget_global_seed()
    b = random.normal((3,)).tolist()
    np.random.seed(7)
    forget_global_seed()
    assert random.normal((3,)).tolist() == b


def test_threads_have_their_own_global_stream():
    others = []
    thread = threading.Thread(target=lambda: others.append(global_seed_generator()))
    thread.start()
    thread.join()
    assert others[0] is not global_seed_generator()
    assert global_seed_generator() is global_seed_generator()
