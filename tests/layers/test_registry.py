"""Every layer of `minikeras.layers`, found there, against Keras and against finite differences."""

from __future__ import annotations

import copy
import dataclasses
import gc
import inspect
import pickle
import weakref

import numpy as np
import pytest
from layer_cases import Array, Make, all_cases, covering, drops, few, set_random_weights

import minikeras
from minikeras import tree
from minikeras.autodiff.primitive import NotDifferentiableTwice
from minikeras.common.configurable import parameters_of

# Entrances and bases, which compute nothing of their own; they have tests in their own files.
BASES = {"InputLayer", "Layer", "RNN", "Wrapper"}

CASES = all_cases()
LAYERS = sorted(
    name
    for name, value in inspect.getmembers(minikeras.layers)
    if inspect.isclass(value) and issubclass(value, minikeras.layers.Layer) and name not in BASES
)
each_layer = pytest.mark.parametrize("name", [n for n in LAYERS if n in CASES])


@pytest.fixture(autouse=True)
def only_if_keras_has_it(request):
    if "keras" in request.fixturenames and not CASES[request.getfixturevalue("name")].keras:
        pytest.skip("Keras needs TensorFlow for it")


def test_every_layer_has_a_row_and_every_row_a_layer():
    canonical = {n for n in LAYERS if getattr(minikeras.layers, n).__name__ == n}
    assert canonical - set(CASES) == set(), "layers without a row in tests/layers/cases/"
    assert set(CASES) - set(LAYERS) == set(), "rows without a layer"


def for_calls(name, check, share=1.0):
    """Run a check on calls drawn from a layer's row."""
    run_on(name, few(name, max(2, int(CASES[name].examples * share))), check)


def for_options(name, check, share=1.0):
    """Run a check on the calls that together hold every value of every option."""
    calls = covering(name)
    run_on(name, calls[: max(2, round(len(calls) * share))], check)


def run_on(name, calls, check):
    """Run a check on calls; an error says on which."""
    for call in calls:
        try:
            check(CASES[name], call)
        except Exception as error:
            error.add_note(f"Call: {dict(call.kwargs)}, {call.inputs}, {call.call}")
            raise


def make(library, name, call, dtype="float32"):
    """Make the layer of a call with minikeras or with Keras."""
    minikeras.utils.clear_session()
    kwargs = {k: v.function(library) if isinstance(v, Make) else v for k, v in call.kwargs.items()}
    if "dtype" in parameters_of(getattr(minikeras.layers, name)):
        kwargs["dtype"] = dtype
    return getattr(library.layers, name)(**kwargs, name="tested")


def arguments(call, dtype="float32", batch=None):
    """Return the positional and the keyword arguments of a call, as arrays."""

    def value(x):
        return x.value(dtype, batch) if isinstance(x, Array) else x

    inputs = call.inputs if isinstance(call.inputs, tuple) else (call.inputs,)
    args = tuple(tree.map_structure(value, x) for x in inputs)
    return args, {k: tree.map_structure(value, v) for k, v in call.call.items()}


def call_layer(layer, args, kwargs, training=None):
    if training is not None and "training" in inspect.signature(layer.call).parameters:
        kwargs = {**kwargs, "training": training}
    return layer(*args, **kwargs)


def pair(case, keras, name, call, dtype):
    """Return our layer and Keras's, built, with the same weights."""
    args, kwargs = arguments(call, dtype)
    ours, theirs = make(minikeras, name, call, dtype), make(keras, name, call, dtype)
    call_layer(ours, args, kwargs)
    call_layer(theirs, args, kwargs)
    assert_same_beginning(ours.weights, theirs.weights)
    set_random_weights(case, ours)
    theirs.set_weights(ours.get_weights())
    reset_states(ours, theirs)
    return ours, theirs


def reset_states(*some):
    for layer in some:
        if getattr(layer, "stateful", False):
            layer.reset_state()


def assert_same_beginning(ours, theirs):
    """Compare what weights begin with, where that is not random, their penalties and constraints."""
    for a, b in zip(ours, theirs):
        assert a.trainable == b.trainable
        for attribute in ("regularizer", "constraint"):
            got, wanted = getattr(a, attribute), getattr(b, attribute)
            assert type(got).__name__ == type(wanted).__name__, (a.path, attribute)
            if wanted is not None:
                got, wanted = got.get_config(), wanted.get_config()
                assert got.keys() == wanted.keys()
                assert all(np.allclose(got[k], wanted[k]) for k in wanted), (a.path, attribute)
        got, wanted = np.asarray(a), np.asarray(b)
        if not wanted.size:
            continue
        if (wanted == wanted.flat[0]).all() and (wanted.size > 1 or wanted.flat[0] in (0, 1)):
            np.testing.assert_array_equal(got, wanted, err_msg=a.path)
        elif wanted.size > 1 and "seed" not in a.path:
            assert (got != got.flat[0]).any(), f"{a.path}: all alike, where Keras's are not"


def assert_alike(got, wanted, tolerance):
    """Compare structures of outputs: structure, shapes, dtypes, values."""
    got, wanted = tree.flatten(got), tree.flatten(wanted)
    assert len(got) == len(wanted)
    for a, b in zip(got, wanted):
        if b is None:
            assert a is None
            continue
        a, b = np.asarray(a), np.asarray(b)
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        assert np.all(np.isfinite(b)), "the row's inputs give NaN or Inf"
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@each_layer
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_forward_and_weights_agree_with_keras(keras, name, dtype):
    def check(case, call):
        ours, theirs = pair(case, keras, name, call, dtype)
        tolerance = getattr(case, dtype)
        for attribute in ("weights", "trainable_weights", "non_trainable_weights", "variables"):
            got = [(w.path, tuple(w.shape), w.dtype) for w in getattr(ours, attribute)]
            wanted = [(w.path, tuple(w.shape), w.dtype) for w in getattr(theirs, attribute)]
            if attribute == "variables":  # Keras names and types seeds in its own way
                got = [g for g in got if "seed" not in g[0]]
                wanted = [w for w in wanted if "seed" not in w[0]]
            assert got == wanted
        args, kwargs = arguments(call, dtype)
        kept = tree.map_structure(np.array, args)
        modes = [None, False]
        if case.training and not case.random and not drops(call):
            modes.append(True)
        for training in modes:
            assert_alike(
                call_layer(ours, args, kwargs, training),
                call_layer(theirs, args, kwargs, training),
                tolerance,
            )
            assert_alike(ours.weights, theirs.weights, tolerance)
            losses = [np.asarray(x, dtype) for x in ours.losses]
            assert_alike(losses, [np.asarray(x, dtype) for x in theirs.losses], tolerance)
        for a, b in zip(tree.flatten(args), tree.flatten(kept)):
            np.testing.assert_array_equal(a, b)  # inputs are left as they are

    for_options(name, check, 1.0 if dtype == "float64" else 0.3)


@each_layer
def test_gradients_agree_with_keras(keras, name):
    jax = pytest.importorskip("jax")

    def check(case, call):
        if not case.keras_gradient:
            return
        ours, theirs = pair(case, keras, name, call, "float64")
        args, kwargs = arguments(call, "float64")
        flat = tree.flatten(args)
        places = [i for i, a in enumerate(flat) if a.dtype.kind == "f"]
        if not places and not ours.trainable_weights:
            return
        outputs = tree.flatten(call_layer(ours, args, kwargs))
        reset_states(ours)
        rng = np.random.default_rng(5)
        factors = [rng.normal(size=y.shape) if y.dtype.kind == "f" else None for y in outputs]
        training = None if case.random or not case.training or drops(call) else True

        def total(outputs):
            pairs = zip(tree.flatten(outputs), factors)
            return sum((y * f).sum() for y, f in pairs if f is not None)

        def replaced(values):
            leaves = list(flat)
            for i, v in zip(places, values):
                leaves[i] = v
            return tree.pack_sequence_as(args, leaves)

        fixed = [v.value for v in theirs.non_trainable_variables]
        mode = {}
        if training and "training" in inspect.signature(theirs.call).parameters:
            mode = {"training": True}

        def loss(weights, values):
            y, _ = theirs.stateless_call(weights, fixed, *replaced(values), **kwargs, **mode)
            return total(y)

        wanted = jax.jit(jax.grad(loss, argnums=(0, 1)))(
            [w.value for w in theirs.trainable_weights], [flat[i] for i in places]
        )
        tensors = [minikeras.ops.convert_to_tensor(flat[i]) for i in places]
        with minikeras.GradientTape() as tape:
            tape.watch(tensors)
            result = total(call_layer(ours, replaced(tensors), kwargs, training))
        got = tape.gradient(result, (ours.trainable_weights, tensors), unconnected_gradients="zero")
        assert_alike(got, wanted, max(case.float64, 1e-10) * 10)

    for_options(name, check, 0.35)  # finite differences see every option


def differentiable(layer, args, outputs):
    of_floats = layer.trainable_weights or any(a.dtype.kind == "f" for a in tree.flatten(args))
    return of_floats and any(np.asarray(y).dtype.kind == "f" for y in tree.flatten(outputs))


@each_layer
def test_gradients_agree_with_finite_differences(name):
    def check(case, call):
        layer = make(minikeras, name, call, "float64")
        args, kwargs = arguments(call, "float64")
        outputs = call_layer(layer, args, kwargs)
        set_random_weights(case, layer)
        if not differentiable(layer, args, outputs):
            return
        # Its corrections, and what it finds by iterations, count as constants: see Keras's gradient.
        if call.kwargs.get("renorm") or call.kwargs.get("power_iterations"):
            return
        if case.training and "training" in inspect.signature(layer.call).parameters:
            kwargs = {**kwargs, "training": True}
        minikeras.gradient_check(layer, *args, **kwargs, max_entries=12)

    for_options(name, check)


@each_layer
def test_gradients_of_gradients(name):
    def check(case, call):
        layer = make(minikeras, name, call, "float64")
        for part in layer._flatten_layers():  # a layer inside was made without a dtype
            part.dtype_policy = "float64"
        args, kwargs = arguments(call, "float64")
        outputs = call_layer(layer, args, kwargs)
        set_random_weights(case, layer)
        if not differentiable(layer, args, outputs):
            return
        flat = tree.flatten(args)
        places = [i for i, a in enumerate(flat) if a.dtype.kind == "f"]
        if not places:
            return
        rng = np.random.default_rng(3)
        factors = {}

        def slope(*values):
            """The gradient of a curved function of the outputs, which `layer` is linear in."""
            with minikeras.GradientTape(persistent=True) as tape:
                tape.watch(values)
                leaves = list(flat)
                for i, v in zip(places, values):
                    leaves[i] = v
                outputs = call_layer(layer, tree.pack_sequence_as(args, leaves), kwargs)
                total = 0.0
                for i, y in enumerate(tree.flatten(outputs)):
                    if y.dtype.kind == "f":
                        f = factors.setdefault(i, rng.normal(size=y.shape))
                        total = total + (y * y * f).sum()
            return tape.gradient(total, list(values), unconnected_gradients="zero")

        def twice():
            minikeras.gradient_check(
                slope,
                *[flat[i] for i in places],
                variables=layer.trainable_variables,  # mixed derivatives: by input, then by weight
                max_entries=6,
                rtol=1e-4,
                atol=1e-6,
            )

        if case.twice:
            twice()
        else:
            with pytest.raises(NotDifferentiableTwice):
                twice()

    for_calls(name, check, 0.3)


def symbolic(library, call, batch, dtype="float32"):
    """Return KerasTensors like a call's inputs."""

    def spec(x):
        if not isinstance(x, Array):
            return x
        shape = (batch, *x.shape[1:]) if x.batch else x.shape
        return library.KerasTensor(shape, dtype if x.dtype == "float" else x.dtype)

    inputs = call.inputs if isinstance(call.inputs, tuple) else (call.inputs,)
    args = tuple(tree.map_structure(spec, x) for x in inputs)
    return args, {k: tree.map_structure(spec, v) for k, v in call.call.items()}


def described(outputs):
    return [(tuple(t.shape), str(t.dtype)) for t in tree.flatten(outputs) if t is not None]


@each_layer
def test_symbolic_outputs_are_what_data_gives(keras, name):
    def check(case, call):
        for batch in (None, 2):
            ours, theirs = make(minikeras, name, call), make(keras, name, call)
            args, kwargs = symbolic(minikeras, call, batch)
            got = described(ours(*args, **kwargs))
            args, kwargs = symbolic(keras, call, batch)
            assert got == described(theirs(*args, **kwargs))
            data, kwargs = arguments(call, batch=batch or 3)
            outputs = call_layer(ours, data, kwargs)
            sized = [(tuple(3 if d is None else d for d in s), t) for s, t in got]
            if batch is not None or all(s[0] is None for s, _ in got):
                assert sized == described(outputs) or any(None in s[1:] for s, _ in got)
        if len(args) == 1 and not kwargs:
            shapes = tree.map_structure(lambda t: tuple(t.shape), args[0])
            shape = make(minikeras, name, call).compute_output_shape(shapes)
            flat = tree.flatten(make(minikeras, name, call)(*symbolic(minikeras, call, 2)[0]))
            wanted = [tuple(t.shape) for t in flat]
            assert ([tuple(shape)] if len(wanted) == 1 else [tuple(s) for s in shape]) == wanted

    for_calls(name, check, 0.5)


def plain(config):
    """A config without what Keras and minikeras say differently: where classes live."""
    if isinstance(config, dict):
        return {k: plain(v) for k, v in config.items() if k not in ("module", "registered_name")}
    if isinstance(config, (list, tuple)):
        return [plain(v) for v in config]
    return config


@each_layer
def test_config_makes_the_same_layer(name):
    def check(case, call):
        layer = make(minikeras, name, call)
        config = layer.get_config()
        twin = type(layer).from_config(config, **case.from_config)
        if case.keras_config:
            assert plain(twin.get_config()) == plain(config)
        args, kwargs = arguments(call)
        call_layer(layer, args, kwargs)
        call_layer(twin, args, kwargs)
        set_random_weights(case, layer)
        twin.set_weights(layer.get_weights())
        assert_alike(call_layer(twin, args, kwargs), call_layer(layer, args, kwargs), 0)

    for_calls(name, check)


class Holder(minikeras.Model):
    """A model of one layer."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def call(self, *args, **kwargs):
        return self.layer(*args, **kwargs)


def functional(layer, call):
    """Return a functional model of one layer."""
    specs = symbolic(minikeras, call, 2)
    tensors = [x for x in tree.flatten(specs) if isinstance(x, minikeras.KerasTensor)]
    inputs = {id(t): minikeras.Input(batch_shape=t.shape, dtype=t.dtype) for t in tensors}
    args, kwargs = tree.map_structure(lambda x: inputs.get(id(x), x), specs)
    return minikeras.Model(list(inputs.values()), layer(*args, **kwargs))


@each_layer
def test_frozen_layers_leave_nothing_to_train(name):
    def check(case, call):
        if "trainable" not in parameters_of(getattr(minikeras.layers, name)):
            return
        args, kwargs = arguments(call)
        thawed = make(minikeras, name, call)
        call_layer(thawed, args, kwargs)
        wanted = [w.path for w in thawed.trainable_weights]
        frozen = dataclasses.replace(call, kwargs={**call.kwargs, "trainable": False})

        def is_frozen(model, layer):
            assert not layer.trainable
            assert layer.trainable_weights == model.trainable_weights == []
            assert len(model.non_trainable_weights) == len(thawed.weights)
            assert not any(v.trainable for v in model.variables)
            assert not any(part.trainable for part in layer._flatten_layers())

        for how in (
            "made frozen",
            "from a config",
            "frozen before it is built",
            "frozen when built",
        ):
            layer = make(
                minikeras, name, frozen if how in ("made frozen", "from a config") else call
            )
            if how == "from a config":
                layer = type(layer).from_config(layer.get_config(), **case.from_config)
            elif how == "frozen before it is built":
                layer.trainable = False
            holder = Holder(layer)
            call_layer(holder, args, kwargs)
            if how == "frozen when built":
                layer.trainable = False
            is_frozen(holder, layer)
            for part in layer._flatten_layers(include_self=False):
                part.trainable = True  # what is around it stays frozen
            assert layer.trainable_weights == holder.trainable_weights == []
            layer.trainable = True
            got = [w.path.removeprefix(f"{holder.name}/") for w in holder.trainable_weights]
            assert got == wanted
        if name != "Lambda":  # functions are not made from configs without leave
            model = functional(make(minikeras, name, frozen), call)
            is_frozen(model, model.layers[-1])
            clone = minikeras.models.clone_model(model)
            is_frozen(clone, clone.layers[-1])

    for_calls(name, check, 0.1)


@each_layer
def test_subclasses_make_their_own_state(name):
    def check(case, call):
        cls = type(make(minikeras, name, call))

        class Own(cls):
            def build(self, *args, **kwargs):
                super().build(*args, **kwargs)
                self.shift = self.add_weight((), "ones", name="shift")

            def compute_output_shape(self, *args, **kwargs):
                self.asked = True
                return super().compute_output_shape(*args, **kwargs)

            def get_config(self):
                return {**super().get_config(), "own": 1}

            @classmethod
            def from_config(cls, config, **kwargs):
                assert config.pop("own") == 1
                return super().from_config(config, **kwargs)

        def call_shifted(self, *args, **kwargs):
            return tree.map_structure(
                lambda y: None if y is None else y + ops.cast(self.shift, y.dtype),
                cls.call(self, *args, **kwargs),
            )

        call_shifted.__signature__ = inspect.signature(cls.call)
        Own.call = call_shifted
        Own.build.__wrapped__.__signature__ = Own.build.__signature__ = inspect.signature(cls.build)
        Own.compute_output_shape.__signature__ = inspect.signature(cls.compute_output_shape)
        ops = minikeras.ops
        args, kwargs = arguments(call)
        plain_layer = make(minikeras, name, call)
        wanted = call_layer(plain_layer, args, kwargs)
        given = {
            k: v.function(minikeras) if isinstance(v, Make) else v for k, v in call.kwargs.items()
        }
        if "dtype" in parameters_of(cls):
            given["dtype"] = "float32"
        own = Own(**given, name="tested")
        own = Own.from_config(own.get_config(), **case.from_config)
        got = call_layer(own, args, kwargs)
        assert len(own.weights) == len(plain_layer.weights) + 1
        own.set_weights(
            [w for v in own.weights for w in _value_for(v, own.shift, plain_layer.weights)]
        )
        got = call_layer(own, args, kwargs)
        plus = tree.map_structure(
            lambda y: None if y is None else np.asarray(y + 1, y.dtype), wanted
        )
        if not case.random and not getattr(own, "stateful", False):
            assert_alike(got, plus, case.float32)

    for_calls(name, check, 0.1)


def _value_for(variable, offset, others):
    if variable is offset:
        return [np.ones(())]
    return [np.asarray(w) for w in others if w.path == variable.path]


@each_layer
def test_dropped_layers_are_gone_at_once(name):
    def check(case, call):
        args, kwargs = arguments(call, batch=2)
        gc.disable()
        try:
            layer = make(minikeras, name, call)
            model = functional(layer, call)
            with minikeras.GradientTape() as tape:
                outputs = call_layer(layer, args, kwargs)
                total = sum(y.sum() for y in tree.flatten(outputs) if y is not None)
            if total.dtype.kind == "f":
                tape.gradient(total, layer.trainable_weights)
            parts = [*layer._flatten_layers(), *layer.variables, model, *model.outputs]
            kept = [weakref.ref(part) for part in parts]
            del layer, model, parts, outputs, tape, total
            assert [ref() for ref in kept if ref() is not None] == []
        finally:
            gc.enable()

    for_calls(name, check, 0.1)


def by_pickle(x):
    return pickle.loads(pickle.dumps(x))


@each_layer
@pytest.mark.parametrize("copied", [copy.deepcopy, by_pickle])
def test_copies_compute_the_same_and_share_nothing(name, copied):
    def check(case, call):
        layer = make(minikeras, name, call)
        args, kwargs = arguments(call)
        call_layer(layer, args, kwargs)
        set_random_weights(case, layer)
        layer.added_losses = []
        if name == "Lambda" and copied is by_pickle:  # Python pickles no lambda
            with pytest.raises((AttributeError, pickle.PicklingError), match="lambda"):
                copied(layer)
            return
        twin = copied(layer)
        modes = [None, True] if case.training else [None]
        for training in modes:  # with dropout too: the state of its seed is copied
            assert_alike(
                call_layer(twin, args, kwargs, training),
                call_layer(layer, args, kwargs, training),
                0,
            )
        for a, b in zip(twin.variables, layer.variables):
            assert a.trainable == b.trainable
            assert not np.shares_memory(a.array, b.array)

    for_calls(name, check, share=0.3)


@each_layer
def test_configs_are_exchanged_with_keras(keras, name):
    def check(case, call):
        if not case.keras_config:
            return
        args, kwargs = arguments(call, "float64")
        ours, theirs = pair(case, keras, name, call, "float64")
        assert plain(ours.get_config()) == plain(theirs.get_config())
        serialized = minikeras.layers.serialize(ours)
        assert serialized["module"] == keras.layers.serialize(theirs)["module"]
        reread = keras.layers.deserialize(serialized)
        assert type(reread) is type(theirs)
        read = minikeras.layers.deserialize(keras.layers.serialize(theirs))
        assert type(read) is type(ours)
        call_layer(reread, args, kwargs)
        call_layer(read, args, kwargs)
        reread.set_weights(ours.get_weights())
        read.set_weights(ours.get_weights())
        reset_states(reread, read)
        wanted = call_layer(ours, args, kwargs)
        assert_alike(call_layer(read, args, kwargs), wanted, 0)
        assert_alike(call_layer(reread, args, kwargs), wanted, case.float64)

    for_options(name, check, 0.5)


@each_layer
def test_weights_go_out_and_in(name):
    def check(case, call):
        layer = make(minikeras, name, call)
        args, kwargs = arguments(call)
        call_layer(layer, args, kwargs)
        set_random_weights(case, layer)
        weights = layer.get_weights()
        assert layer.count_params() == sum(w.size for w in weights)
        with pytest.raises(ValueError, match="tested"):
            layer.set_weights([*weights, np.zeros(1)])
        if weights:
            with pytest.raises(ValueError, match="shape"):
                layer.set_weights([*weights[:-1], np.zeros((*weights[-1].shape, 2))])
            kept = [w.copy() for w in weights]
            changed = [w * 0 + 1 for w in weights]
            layer.set_weights(changed)
            assert_alike(layer.get_weights(), changed, 0)
            assert_alike(weights, kept, 0)  # which are no views
        layer.set_weights(weights)
        assert_alike(layer.get_weights(), weights, 0)

    for_calls(name, check, 0.2)


@each_layer
@pytest.mark.parametrize("size", [1, 0])
def test_batch_of_one_and_of_none(keras, name, size):
    def check(case, call):
        if size == 0 and not case.empty:
            return
        ours, theirs = pair(case, keras, name, call, "float32")
        args, kwargs = arguments(call, batch=size)
        if all(a.shape[:1] != (size,) for a in tree.flatten(args)):
            return
        assert_alike(call_layer(ours, args, kwargs), call_layer(theirs, args, kwargs), case.float32)

    for_calls(name, check, 0.3)


# They work on images, or on what a kernel spreads, of at least one channel.
NEED_CHANNELS = {
    "CenterCrop",
    "Conv1DTranspose",
    "Conv2DTranspose",
    "Conv3DTranspose",
    "RandomCrop",
    "RandomPerspective",
    "RandomRotation",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
    "Resizing",
}


@each_layer
@pytest.mark.parametrize("axis", [1, 2, 3])
@pytest.mark.filterwarnings("ignore:Mean of empty slice:RuntimeWarning")
def test_axes_of_no_elements(keras, name, axis):
    """Where Keras has a result for inputs with such an axis, ours has its shape and dtype."""
    if name in NEED_CHANNELS:
        return

    def check(case, call):
        args, kwargs = arguments(call)
        if not all(a.ndim > axis for a in tree.flatten(args)):
            return
        args = tree.map_structure(lambda a: a.take([], axis), args)
        try:
            expected = call_layer(make(keras, name, call), args, kwargs)
        except Exception:
            return  # Keras refuses
        try:
            with np.errstate(all="ignore"):
                y = call_layer(make(minikeras, name, call), args, kwargs)
        except ValueError as error:
            if "the output would be empty" not in str(error):  # said of windows that do not fit
                raise
        else:
            assert described(y) == described(expected)

    run_on(name, few(name, 1), check)


@each_layer
def test_mixed_precision(keras, name):
    def check(case, call):
        if not case.half:
            return
        ours = make(minikeras, name, call, "mixed_float16")
        theirs = make(keras, name, call, "mixed_float16")
        args, kwargs = arguments(call)
        got, wanted = call_layer(ours, args, kwargs), call_layer(theirs, args, kwargs)
        assert described(got) == described(wanted)
        assert [w.dtype for w in ours.weights] == [w.dtype for w in theirs.weights]
        assert ours.compute_dtype == "float16"
        theirs.set_weights(ours.get_weights())
        wanted = call_layer(theirs, args, kwargs)
        for a, b in zip(tree.flatten(got), tree.flatten(wanted)):
            np.testing.assert_allclose(
                np.asarray(a, float), np.asarray(b, float), rtol=1e-2, atol=1e-2
            )

    for_calls(name, check, 0.3)


random_layers = pytest.mark.parametrize(
    "name", [n for n in LAYERS if n in CASES and CASES[n].random]
)


@random_layers
def test_random_layers_while_training(name):
    def check(case, call):
        args, kwargs = arguments(call)
        assert len(tree.flatten(args)) == 1, "random layers with several inputs: see their own file"
        shape = tree.flatten(args)[0].shape
        x = np.ones((4000, *shape[1:]), "float32")
        layer = make(minikeras, name, call)
        y = np.asarray(layer(x, training=True))
        if case.statistics is not None:
            case.statistics(x, y, call.kwargs)
        else:
            assert abs(y.mean() - x.mean()) < 0.03
        again = np.asarray(layer(x, training=True))
        twin = np.asarray(make(minikeras, name, call)(x, training=True))
        if call.kwargs.get("seed") is not None:
            np.testing.assert_array_equal(y, twin)  # the same seed, the same numbers
        if (y != x).any() and y.any():
            assert (y != again).any()  # but other ones at each call
        np.testing.assert_array_equal(np.asarray(layer(x)), np.asarray(layer(x, training=False)))

    for_calls(name, check)


@each_layer
def test_files_are_exchanged_with_keras(keras, name, tmp_path):
    pytest.importorskip("h5py")

    def model_of(library, layer, call):
        args, kwargs = symbolic(library, call, None)
        inputs = tree.map_structure(
            lambda t: library.Input(batch_shape=t.shape, dtype=t.dtype), args
        )
        return library.Model(inputs, layer(*inputs, **kwargs))

    def check(case, call):
        if call.call or not case.keras_config:
            return  # such calls cannot stand in a functional model's config
        ours, theirs = pair(case, keras, name, call, "float32")
        args, _ = arguments(call)
        wanted = call_layer(theirs, args, {}, training=False)
        for library, layer in ((minikeras, ours), (keras, theirs)):
            path = tmp_path / f"{library.__name__}.keras"
            model_of(library, layer, call).save(path)
        for library, source in ((keras, minikeras), (minikeras, keras), (minikeras, minikeras)):
            model = library.saving.load_model(tmp_path / f"{source.__name__}.keras")
            got = model(list(args), training=False)
            assert_alike(got, wanted, case.float32)

    for_options(name, check, 0.2)
