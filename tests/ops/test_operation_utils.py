"""`utils.get_source_inputs`, beside Keras's."""

import minikeras


def sources(library):
    a, b, c = (library.Input((2,), name=name) for name in "abc")
    add = library.layers.Add()
    total = library.layers.Concatenate()([b, add([a, b]), add([b, c])])
    return [[t.name for t in library.utils.get_source_inputs(t)] for t in (total, add([c, c]), a)]


def test_the_inputs_that_a_tensor_needs(keras):
    assert sources(minikeras) == sources(keras) == [["b", "a", "c"], ["c"], ["a"]]
    assert minikeras.utils.get_source_inputs(3) == keras.utils.get_source_inputs(3) == 3


def test_a_deep_graph():
    x = first = minikeras.Input((2,))
    for _ in range(2000):
        x = x + 1.0
    assert minikeras.utils.get_source_inputs(x) == [first]
