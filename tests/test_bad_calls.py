"""Bad calls: wrong values for each argument of every public constructor and op.

Each is refused with a ValueError or TypeError that names the argument, or is accepted, as Keras
accepts it, and something sane follows. `python -m pytest tests/test_bad_calls.py -s` prints counts.
"""

from __future__ import annotations

import collections
import functools
import importlib.util
import inspect
import pickle
import random
import re
import sys
import warnings
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import minikeras
from minikeras import tree
from minikeras.common.configurable import Configurable, parameters_of
from minikeras.common.left_out import LeftOut
from minikeras.ops.symbolic import OPS


def cases_of(subject: str) -> Any:
    """Return the module of the registry cases of layers or ops, which have valid calls of all of them."""
    name = f"{subject.removesuffix('s')}_cases"
    if name not in sys.modules:  # as the conftest.py of their folder does
        folder = Path(__file__).parent / subject / "cases"
        spec = importlib.util.spec_from_file_location(
            name, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


first_call, OP_CASES = cases_of("layers").first_call, cases_of("ops").all_cases()

TALLY: collections.Counter = collections.Counter()


@pytest.fixture(scope="module", autouse=True)
def figures():
    """Print what was tried, for docs/reliability.md."""
    TALLY.clear()
    yield
    wanted = ["calls tried", "clean errors", "accepted", "raw errors", "objects changed"]
    print("\n" + ", ".join([f"{name}: {TALLY[name]}" for name in wanted]))


# Wrong values.


class Strange:
    """Something that no argument means."""

    def __repr__(self) -> str:
        return "<Strange>"


WRONG = [
    None,
    "abc",
    "",
    b"x",
    True,
    0,
    -1,
    7,
    0.5,
    -1.5,
    2.5,
    float("nan"),
    float("inf"),
    1j,
    [1, "a"],
    [],
    (1, 2, 3, 4, 5, 6, 7),
    (0, 0),
    (-1, -5),
    {"a": 1},
    np.ones((2, 2)),
    Strange(),
]

numbers = st.integers(-9, 9) | st.floats(-9, 9, width=16) | st.just(float("nan"))
drawable = st.one_of(
    st.none(),
    st.booleans(),
    numbers,
    st.text(max_size=3),
    st.binary(max_size=2),
    st.lists(numbers | st.text(max_size=2) | st.none(), max_size=4),
    st.tuples(numbers, numbers),
    st.dictionaries(st.text(max_size=2), numbers, max_size=2),
    st.integers(0, 3).map(lambda n: np.ones((2,) * n)),
)


@functools.cache
def drawn() -> list[Any]:
    """Return more wrong values, drawn once for all."""
    found: list[Any] = []
    settings = hypothesis.settings(
        max_examples=300,
        derandomize=True,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    settings(hypothesis.given(drawable)(lambda value: found.append(value)))()
    return found


def names(error: BaseException, argument: str) -> bool:
    """Whether an error is of the right type, and its text names an argument.

    Where a layer is right in itself, its inputs may be what does not fit it.
    """
    word = rf"(?<![a-zA-Z_]){argument}(?![a-zA-Z_])|^Input 0 of layer"
    return isinstance(error, (ValueError, TypeError)) and bool(re.search(word, str(error)))


def attempt(argument: str, value: Any, call: Any) -> tuple[Any, BaseException | None]:
    """Make a bad call; an error must name the argument.

    Returns:
        What the call gave, and the error, one of them None.
    """
    TALLY["calls tried"] += 1
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            result = call()
    except Exception as error:
        TALLY["clean errors" if names(error, argument) else "raw errors"] += 1
        assert names(error, argument), f"{argument}={value!r}: {type(error).__name__}: {error}"
        return None, error
    TALLY["accepted"] += 1
    return result, None


# Constructors.

HOMES = [
    "layers",
    "losses",
    "metrics",
    "optimizers",
    "optimizers.schedules",
    "initializers",
    "regularizers",
    "constraints",
    "callbacks",
    "dtype_policies",
]
NEEDED = {
    "IoU": {"num_classes": 2, "target_class_ids": [0]},
    "OneHotIoU": {"num_classes": 2, "target_class_ids": [0]},
    "MeanIoU": {"num_classes": 2},
    "OneHotMeanIoU": {"num_classes": 2},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
    "CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 10},
    "CosineDecayRestarts": {"initial_learning_rate": 0.1, "first_decay_steps": 10},
    "ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9},
    "InverseTimeDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9},
    "PiecewiseConstantDecay": {"boundaries": [2], "values": [0.1, 0.2]},
    "PolynomialDecay": {"initial_learning_rate": 0.1, "decay_steps": 10},
    "BackupAndRestore": {"backup_dir": "backup"},
    "CSVLogger": {"filename": "log.csv"},
    "ModelCheckpoint": {"filepath": "model.keras"},
    "DTypePolicy": {"name": "float32"},
    "FloatDTypePolicy": {"name": "float32"},
    "QuantizedFloat8DTypePolicy": {"mode": "float8"},
    "Int4DTypePolicy": {"mode": "int4/128"},
    "GPTQDTypePolicy": {"mode": "gptq/4/128"},
    "AWQDTypePolicy": {"mode": "awq/4/128"},
    "LearningRateScheduler": {"schedule": lambda epoch, rate: rate},
    "LossFunctionWrapper": {"fn": lambda y_true, y_pred: y_pred},
    "MeanMetricWrapper": {"fn": lambda y_true, y_pred: y_pred},
}
# Bases that compute nothing, and what is made of objects rather than of values.
LEFT_OUT = {
    *("Layer", "InputLayer", "RNN", "Wrapper", "Loss", "Metric", "Optimizer", "InputSpec"),
    *("LearningRateSchedule", "Initializer", "RandomInitializer"),
    *("CallbackList", "MultiOptimizer", "OptimizerMap", "LossScaleOptimizer"),
    *("DTypePolicyMap", "QuantizedDTypePolicy"),
}


def home_of(library: Any, home: str) -> Any:
    for part in home.split("."):
        library = getattr(library, part)
    return library


def constructors() -> list[tuple[str, str]]:
    found = []
    for home in HOMES:
        for name, cls in inspect.getmembers(home_of(minikeras, home)):
            ours = inspect.isclass(cls) and cls.__module__.startswith(f"minikeras.{home[:7]}")
            ours = ours and not issubclass(cls, LeftOut)
            if ours and cls.__name__ == name and name not in LEFT_OUT:
                found.append((home, name))
    return found


CONSTRUCTORS = constructors()


def arguments_of(cls: type) -> list[str]:
    if issubclass(cls, Configurable):
        parameters = parameters_of(cls).values()
    else:
        parameters = list(inspect.signature(cls).parameters.values())
    return [p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]


class Subject:
    """A class, arguments that it can be made with, and something to do with its objects."""

    def __init__(self, home: str, name: str) -> None:
        self.home, self.name = home, name
        self.cls = getattr(home_of(minikeras, home), name)
        self.call = first_call(name) if home == "layers" else None
        self.arguments = arguments_of(self.cls)

    def needed(self, library: Any) -> dict[str, Any]:
        if self.call is None:
            return NEEDED.get(self.name, {})
        made = {k: getattr(v, "function", None) for k, v in self.call.kwargs.items()}
        return {k: v if made[k] is None else made[k](library) for k, v in self.call.kwargs.items()}

    def make(self, library: Any, **wrong: Any) -> Any:
        cls = getattr(home_of(library, self.home), self.name)
        return cls(**{**self.needed(library), **wrong})

    def make_and_use(self, library: Any = minikeras, **wrong: Any) -> list[Any]:
        minikeras.utils.clear_session()
        return tree.flatten(self.use(self.make(library, **wrong)))

    def use(self, obj: Any) -> Any:
        """Return what an object gives for plain data."""
        rows = np.array([[0.0, 1.0], [1.0, 0.0]], "float32")
        scores = np.array([[0.2, 0.7], [0.6, 0.3]], "float32")
        if self.home == "layers":
            value = lambda x: x.value("float32") if hasattr(x, "value") else x  # noqa: E731
            inputs = (
                self.call.inputs if isinstance(self.call.inputs, tuple) else (self.call.inputs,)
            )
            args, kwargs = tree.map_structure(value, (inputs, self.call.call))
            outputs = [obj(*args, **kwargs)]
            if "training" in inspect.signature(obj.call).parameters:
                outputs.append(obj(*args, **{**kwargs, "training": True}))
            return outputs
        if self.home == "losses" and self.name != "CTC":
            sparse = self.name.startswith(("Sparse", "Circle", "CategoricalGeneralized"))
            return obj(np.array([0, 1]) if sparse else rows, scores)
        if self.home == "metrics":
            if self.name in ("Mean", "Sum"):
                obj.update_state(scores)
            elif self.name.startswith("Sparse"):
                obj.update_state(np.array([0, 1]), scores)
            elif "IoU" in self.name:
                obj.update_state(rows.astype("int32"), rows)
            else:
                obj.update_state(rows, scores)
            return obj.result()
        if self.home == "optimizers":
            variable = minikeras.Variable([1.0, 2.0])
            for _ in range(3):
                obj.apply([np.array([0.1, 0.2], "float32")], [variable])
            return variable.numpy()
        if self.home == "optimizers.schedules":
            return [obj(0), obj(3), obj(30)]
        if self.home == "initializers":
            return obj((3, 1, 4) if self.name == "STFT" else (4, 4))
        if self.home in ("regularizers", "constraints"):
            return obj(rows)
        return []


# What Keras takes for a variance's first value, whatever comes of it; NaN as a constant, and in a window.
ODD = {
    *[("BatchNormalization", "moving_variance_initializer"), ("Constant", "value")],
    ("STFT", "window"),
}


def is_infinite(value: Any) -> bool:
    """Whether a value is infinite: what comes of it may be too."""
    return isinstance(value, float) and np.isinf(value)


def check(subject: Subject, argument: str, value: Any) -> BaseException | None:
    """Make and use an object with a wrong value; return the error, None if it was accepted."""
    outputs, error = attempt(argument, value, lambda: subject.make_and_use(**{argument: value}))
    sane = (subject.name, argument) not in ODD and not is_infinite(value)
    if error is None and sane:
        arrays = [np.asarray(x) for x in outputs if hasattr(x, "dtype")]
        finite = all(np.isfinite(a).all() for a in arrays if a.dtype.kind in "fc")
        assert finite, f"{argument}={value!r} gives NaN"
    return error


@pytest.mark.parametrize(("home", "name"), CONSTRUCTORS)
def test_constructors_name_the_argument_that_is_wrong(home, name):
    if name == "TensorBoard":
        pytest.importorskip("tensorboardX")
    subject = Subject(home, name)
    subject.make_and_use()
    for argument in subject.arguments:
        for value in WRONG:
            check(subject, argument, value)
    chance = random.Random(name)
    for _ in range(12 if subject.arguments else 0):
        check(subject, chance.choice(subject.arguments), chance.choice(drawn()))


# What we take and Keras does not.
KEPT = {
    ("TerminateOnNaN", "locate"),  # ours alone
    ("SimpleRNN", "use_cudnn"),  # the same for all three recurrent layers
}


def refused(make: Any, library: Any, argument: str, value: Any) -> BaseException | None:
    """Return the error of making something with a wrong value, None if there is none."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            make(*([] if library is None else [library]), **{argument: value})
    except Exception as error:
        return error
    return None


OURS = {"clipnorm_per_sample", "noise_multiplier", "noise_seed"}
"""Arguments of optimizers that Keras has not got, and takes for misspelled ones of its own."""


def test_what_keras_refuses_is_refused(keras):
    taken = []
    for home, name in CONSTRUCTORS:
        subject = Subject(home, name)
        if not hasattr(home_of(keras, home), name):
            continue
        known = inspect.signature(getattr(home_of(keras, home), name)).parameters
        if any(p.kind is p.VAR_KEYWORD for p in known.values()):
            known = [a for a in subject.arguments if a not in OURS]
        for argument in subject.arguments:
            for value in WRONG if argument in known else ():  # Keras has not got every argument
                if (name, argument) in KEPT or (
                    isinstance(value, tuple) and "thresholds" in argument
                ):
                    continue  # Keras compares a whole tuple of thresholds with a number
                if not refused(subject.make, minikeras, argument, value):
                    theirs = refused(subject.make, keras, argument, value)
                    if "pip install tensorflow" in str(theirs):
                        break  # Keras has the layer with TensorFlow alone
                    if theirs and not refused(subject.make_and_use, minikeras, argument, value):
                        taken.append(f"{name}({argument}={value!r}): {theirs}")
    assert taken == []


# Ops.


def concrete(structure: Any) -> Any:
    """Return the arguments of a case with plain arrays and functions of our ops."""

    def plain(x: Any) -> Any:
        return x.of(minikeras.ops) if hasattr(x, "of") else getattr(x, "value", x)

    return tree.map_structure(plain, structure)


@pytest.mark.parametrize("name", sorted(set(OPS) & set(OP_CASES)))
def test_ops_name_the_argument_that_is_wrong(name):
    op_cases = sys.modules["op_cases"]
    call = op_cases.call(OP_CASES[name], op_cases.Draw(lambda n: 0, seed=3))
    signature = inspect.signature(OPS[name])
    args, kwargs = concrete(call.args), concrete(call.kwargs)
    for p in signature.parameters.values():
        if p.kind is p.VAR_KEYWORD or (name, p.name) == ("switch", "operands"):
            continue  # these reach the user's own functions
        for value in WRONG:
            bound = signature.bind(*args, **kwargs)
            bound.arguments[p.name] = (value,) if p.kind is p.VAR_POSITIONAL else value
            attempt(p.name, value, lambda b=bound: OPS[name](*b.args, **b.kwargs))


# Functions beside ops.

TARGETS, SCORES = np.eye(3, dtype="float32")[:2], np.linspace(0.1, 0.9, 6).reshape(2, 3)
LABELS = np.array([0, 1])
FUNCTIONS = {
    "losses": (TARGETS, SCORES),
    "metrics": (TARGETS, SCORES),
    "activations": (SCORES,),
    "random": ((2, 3),),
    "random.beta": ((2,), 1.0, 1.0),
    "random.binomial": ((2,), 3, 0.5),
    "random.categorical": (SCORES, 2),
    "random.gamma": ((2,), 1.0),
    "random.randint": ((2,), 0, 5),
    "random.shuffle": (SCORES,),
    "losses.categorical_generalized_cross_entropy": (LABELS, SCORES, 0.5),
    "losses.circle": (LABELS, SCORES),
    "losses.sparse_categorical_crossentropy": (LABELS, SCORES),
    "metrics.sparse_categorical_accuracy": (LABELS, SCORES),
    "metrics.sparse_categorical_crossentropy": (LABELS, SCORES),
    "metrics.sparse_top_k_categorical_accuracy": (LABELS, SCORES),
    "utils.normalize": (SCORES,),
    "utils.pad_sequences": ([[1, 2], [3]],),
    "utils.set_random_seed": (1,),
    "utils.to_categorical": ([0, 1],),
    "config.set_epsilon": (1e-7,),
    "config.set_floatx": ("float32",),
    "config.set_image_data_format": ("channels_last",),
    "config.set_threads": (None,),
}
# Dropout is called in every step, so it does not look at what its inputs are; CTC has its own shapes.
NOT_TRIED = {"get", "serialize", "deserialize", "ctc", "dropout", "check_targets"}


def functions() -> list[str]:
    found = [name for name in FUNCTIONS if "." in name]
    for home in ("losses", "metrics", "activations", "random"):
        for name, function in inspect.getmembers(getattr(minikeras, home)):
            known = name in OPS or name.startswith("_") or name in NOT_TRIED
            if inspect.isfunction(function) and not known:
                found.append(f"{home}.{name}")
    return sorted(set(found))


@pytest.mark.parametrize("path", functions())
def test_functions_name_the_argument_that_is_wrong(path):
    home, _, name = path.partition(".")
    function = getattr(getattr(minikeras, home), name)
    signature = inspect.signature(function)
    args = FUNCTIONS.get(path) or FUNCTIONS[home]
    function(*args)
    for p in signature.parameters.values():
        for value in WRONG:
            bound = signature.bind(*args)
            bound.arguments[p.name] = value
            attempt(p.name, value, lambda b=bound: function(*b.args, **b.kwargs))
    minikeras.config.set_threads(None)  # 7 of them may be wanted now


# Inputs of layers.

ROWS, STEPS_IN = np.ones((2, 3), "float32"), np.ones((2, 5, 4), "float32")


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda k: k.Embedding(3, 2)({"a": ROWS}), "`inputs` must be a tensor"),
        (lambda k: k.BatchNormalization()({"a": ROWS}), "`inputs` must be a tensor"),
        (lambda k: k.Reshape((3,))({"a": ROWS}), "`inputs` must be a tensor"),
        (lambda k: k.Dropout(0.5)("abc", training=True), "inputs='abc'"),
        (lambda k: k.Activation("relu")(np.array(["a"])), "inputs=<ndarray of shape"),
        (lambda k: k.Subtract()([ROWS, ROWS, ROWS]), "exactly 2 inputs"),
        (lambda k: k.Dense(2).build(5), "`input_shape` must be a tuple"),
        (lambda k: k.Dense(2).build(None), "`input_shape` must be a tuple"),
        (
            lambda k: minikeras.Sequential([minikeras.Input((3, 2)), k.LSTM(2), k.LSTM(2)]),
            "return_sequences=True",
        ),
        (
            lambda k: k.MultiHeadAttention(2, 3)(
                STEPS_IN, STEPS_IN, attention_mask=np.ones((2, 3, 3), bool)
            ),
            r"`attention_mask` must be booleans of shape \(batch, 5, 5\)",
        ),
        (
            lambda k: k.Attention()([STEPS_IN, STEPS_IN], mask=[np.ones((2, 3), bool), None]),
            r"must be booleans of shape \(batch, 5\)",
        ),
        (
            lambda k: k.Dense(2, kernel_initializer=np.ones((2, 2)))(ROWS),
            r"Layer 'dense.*' \(Dense\): .*units=2, kernel_initializer=",
        ),
    ],
)
def test_layers_say_what_is_wrong_with_inputs(call, told):
    with pytest.raises(ValueError, match=told):
        call(minikeras.layers)


def test_errors_of_a_users_function_stay_what_they_are():
    with pytest.raises(KeyError, match="^'b'$"):
        minikeras.ops.map(lambda x: {}["b"], ROWS)
    with pytest.raises(ZeroDivisionError):
        minikeras.layers.Lambda(lambda x: x * (1 / 0))(ROWS)


def test_an_index_out_of_bounds_is_an_index_error():
    tensor = minikeras.ops.convert_to_tensor([1, 2])
    with pytest.raises(IndexError, match=r"index 7 .* Received: x=.*, key=7"):
        tensor[7]
    assert [int(x) for x in tensor] == [1, 2]


def test_an_argument_error_is_caught_as_either_type_and_can_be_pickled():
    for kind in (ValueError, TypeError):
        with pytest.raises(kind, match="Dense: argument `units` must be a positive integer"):
            minikeras.layers.Dense("3")
    error = pickle.loads(pickle.dumps(refused(minikeras.layers.Dense, None, "units", 0)))
    assert str(error).endswith("Received: units=0")


# Methods: a call that fails changes nothing.

X = np.linspace(-1, 1, 12).reshape(4, 3).astype("float32")
Y = np.linspace(0, 1, 4).reshape(4, 1).astype("float32")
# A user's own steps are made of these, and they run while the model is being trained.
STEPS = {"train_step", "test_step", "predict_step"}
STEPS |= {"compute_metrics", "compute_loss", "compiled_loss"}
TRAINING = {"fit", "evaluate", "train_on_batch", "test_on_batch"}
"""Methods that tests/trainers/test_bad_calls.py goes through."""


def of_layers() -> list[Any]:
    return [
        minikeras.layers.Dense(4, activation="relu", name="a"),
        minikeras.layers.BatchNormalization(name="b"),
        minikeras.layers.Dense(1, name="c"),
    ]


def compiled(model: Any) -> Any:
    model.compile("adam", "mse", metrics=["mae"])
    return model


def trained_sequential() -> Any:
    model = compiled(minikeras.Sequential([minikeras.Input((3,)), *of_layers()]))
    model.train_on_batch(X, Y)
    return model


def functional() -> Any:
    x = outputs = minikeras.Input((3,))
    for layer in of_layers():
        outputs = layer(outputs)
    return compiled(minikeras.Model(x, outputs))


def unbuilt_sequential() -> Any:
    return compiled(minikeras.Sequential(of_layers()))


def bidirectional() -> Any:
    return minikeras.layers.Bidirectional(minikeras.layers.LSTM(2, name="inner"))


def optimizer() -> Any:
    made = minikeras.optimizers.Adam()
    made.apply([np.ones(2, "float32")], [minikeras.Variable([1.0, 2.0])])
    return made


def metric() -> Any:
    made = minikeras.metrics.MeanSquaredError()
    made.update_state(Y, Y + 1)
    return made


OBJECTS = {
    f.__name__: f
    for f in (
        trained_sequential,
        functional,
        unbuilt_sequential,
        bidirectional,
        optimizer,
        metric,
        lambda: minikeras.Variable([1.0, 2.0]),
    )
}
OBJECTS["variable"] = OBJECTS.pop("<lambda>")
VALID = {
    "__call__": (X,),
    "add": (minikeras.layers.Dense(2),),
    "build": ((None, 3),),
    "call": (X,),
    "compile": ("sgd", "mse"),
    "compute_output_shape": ((None, 3),),
    "predict": (X,),
    "predict_on_batch": (X,),
}
MORE_WRONG = [X[:2], {"a": X}, [X, X], [np.ones(3)], np.array(["a"] * 4), np.ones((4, 5))]


def methods_of(obj: Any) -> list[tuple[str, str]]:
    """Return the public methods of an object with each of their arguments."""
    found = []
    for name in dir(type(obj)):
        method = inspect.getattr_static(type(obj), name)
        public = not name.startswith("_") or name == "__call__"
        if public and inspect.isfunction(method) and name not in STEPS | TRAINING | {"summary"}:
            parameters = list(inspect.signature(method).parameters.values())[1:]
            found += [(name, p.name) for p in parameters if p.kind is not p.VAR_KEYWORD]
    return found


def call_method(obj: Any, name: str, argument: str, value: Any) -> None:
    """Call a method with one wrong argument; others are valid, or wrong too where none are known."""
    signature = inspect.signature(getattr(obj, name))
    bound = signature.bind_partial(*VALID.get(name, ()))
    for p in signature.parameters.values():
        needed = p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD
        if p.name == argument or (needed and p.name not in bound.arguments):
            bound.arguments[p.name] = (value,) if p.kind is p.VAR_POSITIONAL else value
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        getattr(obj, name)(*bound.args, **bound.kwargs)


def state_of(obj: Any) -> list[Any]:
    """Return what an object consists of: values, layers, configs, what it was compiled with."""
    if isinstance(obj, minikeras.Variable):
        return [obj.numpy(), obj.trainable, obj.dtype]
    state: list[Any] = [[(v.path, np.array(v)) for v in obj.variables]]
    if isinstance(obj, minikeras.layers.Layer):
        state += [
            (type(x).__name__, x.name, x.built, x.trainable, len(x._inbound_nodes))
            for x in obj._flatten_layers()
        ]
        state += [v.trainable for v in obj.variables]
    if isinstance(obj, minikeras.Model):
        state += [id(obj.optimizer), repr(obj._compile_config), state_of(obj.optimizer)]
        state += [(m.name, *state_of(m)) for m in obj.metrics]
    return state


def same(a: Any, b: Any) -> bool:
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b


@pytest.mark.parametrize("kind", OBJECTS)
def test_a_method_that_fails_changes_nothing(kind):
    def fresh():
        minikeras.utils.clear_session()
        made = OBJECTS[kind]()
        return made, state_of(made)

    held = [fresh()]

    def check_method(method, argument, value):
        TALLY["calls tried"] += 1
        obj, before = held[0]
        try:
            call_method(obj, method, argument, value)
        except Exception as error:
            TALLY["clean errors"] += 1
            changed = not same(state_of(obj), before)
            TALLY["objects changed"] += changed
            assert not changed, f"{method}({argument}={value!r}) has failed halfway: {error}"
        else:
            TALLY["accepted"] += 1
            held[0] = fresh()

    methods = methods_of(held[0][0])
    if kind == "trained_sequential":
        for method, argument in methods:
            for value in [*WRONG, *MORE_WRONG]:
                check_method(method, argument, value)
    chance = random.Random(kind)
    for _ in range(150):
        values = chance.choice([drawn(), MORE_WRONG])
        check_method(*chance.choice(methods), chance.choice(values))
