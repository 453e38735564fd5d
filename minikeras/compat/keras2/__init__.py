"""Keras 2 (2017 to 2023), on its own and as `tf.keras`.

`TREE` is `keras` of 2.0 to 2.2, `TF_TREE` is `tf.keras` of TensorFlow 2. What they differ in: LSTM and
GRU had `recurrent_activation="hard_sigmoid"` and `reset_after=False`; Adagrad, Adadelta, Adamax and
Nadam had other rates; `clipnorm` was over all gradients; `metrics=["accuracy"]` was `acc` in logs. Which
of the two a script means is decided by what it imports (`naming.is_standalone`); in logs both names are
found, whichever it is.
"""

from __future__ import annotations

from minikeras.compat import keras_backend
from minikeras.compat.adapters import Gone, Lazy
from minikeras.compat.keras2 import (
    activations,
    callbacks,
    datasets,
    layers,
    losses,
    models,
    optimizers,
    preprocessing,
    regularizers,
    training,
    utils,
    wrappers,
)
from minikeras.compat.keras2.signs import FILES_OF_LAYERS, FILES_OF_UTILS
from minikeras.compat.keras3 import TREE as TODAY
from minikeras.compat.keras_backend.training import EXTENSIONS as OF_BACKEND
from minikeras.compat.namespaces import Contents, Tree

_ESTIMATOR = Gone(
    "tf.keras.estimator.model_to_estimator",
    "Train the model itself with fit().",
    "estimators ran models in TensorFlow's sessions, and TensorFlow removed them",
)
_EXPERIMENTAL = {
    "experimental": Contents(
        {
            **{
                name: Lazy(f"minikeras.optimizers.schedules:{name}")
                for name in ("CosineDecay", "CosineDecayRestarts")
            },
            "LinearModel": Gone(
                "tf.keras.experimental.LinearModel", "Use Dense(units) on the concatenated inputs."
            ),
            "WideDeepModel": Gone(
                "tf.keras.experimental.WideDeepModel",
                "Add a linear and a deep branch with layers.add.",
            ),
            "SequenceFeatures": Gone(
                "tf.keras.experimental.SequenceFeatures", "Use Embedding on integer sequences."
            ),
        },
        doc="tf.keras.experimental",
    ),
}


def _modules(standalone: bool) -> dict[str, Contents]:
    wrap = layers.wrap if standalone else layers.wrap_of_tensorflow
    of_optimizers = optimizers.NAMES if standalone else optimizers.TF_NAMES
    all_layers = Contents(layers.NAMES, ["minikeras.layers"], wrap=wrap)
    root = {
        "Model": models.NAMES["Model"],
        "__version__": "2.2.4" if standalone else "2.15.0",
    }
    return {
        **TODAY.modules,
        "": Contents(root, ["minikeras"], wrap=wrap),
        "activations": Contents(activations.NAMES, ["minikeras.activations"]),
        "callbacks": Contents(callbacks.NAMES, ["minikeras.callbacks"]),
        "layers": all_layers,
        "losses": Contents(losses.NAMES, ["minikeras.losses"]),
        "metrics": Contents(losses.METRICS, ["minikeras.metrics"]),
        "models": Contents(models.NAMES, ["minikeras.models"]),
        "optimizers": Contents(of_optimizers, ["minikeras.optimizers"]),
        "optimizers.legacy": Contents(of_optimizers, ["minikeras.optimizers"]),
        "regularizers": Contents(regularizers.NAMES, ["minikeras.regularizers"]),
        "initializers": Contents(regularizers.INITIALIZERS, ["minikeras.initializers"]),
        "constraints": Contents(regularizers.CONSTRAINTS, ["minikeras.constraints"]),
        "utils": Contents(utils.NAMES, ["minikeras.utils"]),
        "legacy.interfaces": Contents(utils.INTERFACES, doc="keras.legacy.interfaces"),
        "estimator": Contents({"model_to_estimator": _ESTIMATOR}, doc="tf.keras.estimator"),
        "engine": Contents(
            {**layers.NAMES, **models.NAMES, **models.NETWORKS},
            ["minikeras.layers", "minikeras.models"],
            wrap=wrap,
        ),
        "legacy": Contents(doc="keras.legacy: see `layers`"),
        "layers.experimental": Contents(doc="tf.keras.layers.experimental"),
        "mixed_precision": Contents(optimizers.MIXED_PRECISION, ["minikeras.mixed_precision"]),
        "mixed_precision.experimental": Contents(
            optimizers.EXPERIMENTAL_PRECISION, doc="tf.keras.mixed_precision.experimental"
        ),
        **_EXPERIMENTAL,
        **keras_backend.MODULES,
        **datasets.MODULES,
        **preprocessing.MODULES,
        **wrappers.MODULES,
    }


MODULES = _modules(True)

_OF_LAYERS = (
    *FILES_OF_LAYERS,
    *("rnn", "attention", "recurrent_v2", "normalization_v2", "experimental.preprocessing"),
    *("dense_attention", "reshaping", "regularization", "merging", "activation"),
)
_OF_UTILS = (
    *FILES_OF_UTILS,
    *("conv_utils", "multi_gpu_utils", "training_utils", "tf_utils", "test_utils", "all_utils"),
)

MOVED = {
    **{
        f"engine.{n}": "engine" for n in ("topology", "training", "base_layer", "network", "saving")
    },
    **{f"engine.{n}": "engine" for n in ("input_layer", "input_spec", "sequential", "functional")},
    **{f"layers.{name}": "layers" for name in _OF_LAYERS},
    **{f"utils.{name}": "utils" for name in _OF_UTILS},
    "legacy.layers": "layers",
    "saving.save": "models",
    "initializers.initializers_v2": "initializers",
    "optimizer_v2": "optimizers",
    "optimizers.optimizer_v2": "optimizers",
    "optimizer_v2.learning_rate_schedule": "optimizers.schedules",
    **{
        f"optimizer_v2.{name}": "optimizers"
        for name in (
            "adam",
            "adadelta",
            "adagrad",
            "adamax",
            "gradient_descent",
            "nadam",
            "rmsprop",
        )
    },
}

EXTENSIONS = [
    *layers.EXTENSIONS,
    *losses.EXTENSIONS,
    *optimizers.EXTENSIONS,
    *callbacks.EXTENSIONS,
    *training.EXTENSIONS,
    *OF_BACKEND,
]

TREE = Tree("Keras 2", MODULES, MOVED, EXTENSIONS)
TF_TREE = Tree("tf.keras", _modules(False), MOVED, EXTENSIONS)
