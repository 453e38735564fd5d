"""What Keras 3 has in place of methods, functions of the backend and modules of older Keras."""

from __future__ import annotations

from collections.abc import Sequence

from minikeras.constraints import Constraint
from minikeras.initializers import Initializer
from minikeras.optimizers import Optimizer
from minikeras.optimizers.schedules import LearningRateSchedule
from minikeras.regularizers import Regularizer

FAMILIES = {
    Initializer: "initializers",
    Regularizer: "regularizers",
    Constraint: "constraints",
    LearningRateSchedule: "optimizers.schedules",
    Optimizer: "optimizers",
}
"""Where what an argument stands for is made today."""

_OF_QUEUES = [
    "max_q_size",
    "max_queue_size",
    "nb_worker",
    "workers",
    "use_multiprocessing",
    "pickle_safe",
]
_FROM_GENERATOR = {"generator": "x", **dict.fromkeys(_OF_QUEUES)}

METHODS: dict[str, tuple[str, dict[str, str | None], Sequence[str]]] = {
    "fit": ("fit", {"nb_epoch": "epochs", "show_accuracy": None, "class_mode": None}, ()),
    "compile": ("compile", {"class_mode": None, "theano_mode": None}, ()),
    "evaluate": ("evaluate", {"show_accuracy": None}, ()),
    "train_on_batch": ("train_on_batch", {"accuracy": None}, ()),
    "fit_generator": (
        "fit",
        {**_FROM_GENERATOR, "nb_epoch": "epochs"},
        ("samples_per_epoch", "nb_val_samples"),
    ),
    "evaluate_generator": ("evaluate", _FROM_GENERATOR, ("val_samples",)),
    "predict_generator": ("predict", _FROM_GENERATOR, ("val_samples",)),
    "predict_proba": ("predict", {}, ()),
    "add_weight": ("add_weight", {}, ()),
}
"""Methods of models: today's name, today's keywords (None: left out), and keywords that have none."""

ORDER = {
    "compile": ("optimizer", "loss", "metrics", "loss_weights"),
    "fit_generator": ("x", "steps_per_epoch", "epochs", "verbose", "callbacks", "validation_data"),
    "evaluate_generator": ("x", "steps"),
    "predict_generator": ("x", "steps"),
    "add_weight": (
        "name",
        "shape",
        "dtype",
        "initializer",
        "regularizer",
        "trainable",
        "constraint",
    ),
}
"""What arguments of methods by place were, where today's order is another. The first two stay by place, but
for `add_weight`."""

HELPERS = {
    "batch_flatten": (
        "def batch_flatten(x):\n"  #
        "    return ops.reshape(x, (ops.shape(x)[0], -1))\n"
    ),
    "predict_classes": (
        "def predict_classes(model, *args, **kwargs):\n"
        "    probabilities = model.predict(*args, **kwargs)\n"
        "    if probabilities.shape[-1] > 1:\n"
        "        return probabilities.argmax(axis=-1)\n"
        '    return (probabilities > 0.5).astype("int32")\n'
    ),
    "reset_states": (
        "def reset_states(model):\n"
        '    for layer in getattr(model, "layers", [model]):\n'
        '        if hasattr(layer, "reset_state"):\n'
        "            layer.reset_state()\n"
    ),
}
"""Methods and functions of the backend that are functions of the script's own today, and their source."""

KEYS = {"acc": "accuracy", "val_acc": "val_accuracy", "lr": "learning_rate"}
"""Keys of histories, and what callbacks watch."""

_SAME = (
    "abs all any argmax argmin binary_crossentropy cast categorical_crossentropy clip concatenate cos "
    "cumprod cumsum dot dtype elu equal exp expand_dims eye greater greater_equal in_top_k less less_equal "
    "log logsumexp max maximum mean min minimum not_equal one_hot ones ones_like prod relu reshape round "
    "shape sigmoid sign sin softmax softplus softsign sparse_categorical_crossentropy sqrt square squeeze "
    "stack std stop_gradient sum tanh tile transpose var zeros zeros_like arange"
)
BACKEND = {
    **{name: f"ops.{name}" for name in _SAME.split()},
    "constant": "ops.convert_to_tensor",
    "gather": "ops.take",
    "int_shape": "ops.shape",
    "l2_normalize": "ops.normalize",
    "permute_dimensions": "ops.transpose",
    "pow": "ops.power",
    "random_normal": "random.normal",
    "random_uniform": "random.uniform",
    "repeat_elements": "ops.repeat",
    "reverse": "ops.flip",
    "switch": "ops.where",
    "truncated_normal": "random.truncated_normal",
    "variable": "keras.Variable",
}
"""Functions of `keras.backend`, and where Keras 3 has them. What their arguments and defaults have become
is seen from the two signatures."""

ALSO = {"gather": {"axis": "0"}}
"""Arguments that only today's function has, and that it needs."""

DRAWING = {"random_normal", "random_uniform", "truncated_normal"}
"""Functions of `keras.backend` that draw numbers."""

EXPRESSIONS = {
    "batch_dot": "layers.dot([{0}, {1}], axes={2})",
    "bias_add": "{0} + {1}",
    "eval": "ops.convert_to_numpy({0})",
    "flatten": "ops.reshape({0}, (-1,))",
    "get_value": "ops.convert_to_numpy({0})",
    "hard_sigmoid": "ops.clip(0.2 * {0} + 0.5, 0.0, 1.0)",
    "ndim": "len({0}.shape)",
    "repeat": "ops.repeat(ops.expand_dims({0}, 1), {1}, axis=1)",
    "set_value": "{0}.assign({1})",
    "update": "{0}.assign({1})",
    "update_add": "{0}.assign_add({1})",
    "update_sub": "{0}.assign_sub({1})",
}
"""Functions of `keras.backend` that are an expression of their arguments today."""

SETTINGS = {
    ("set_image_dim_ordering", "th"): 'set_image_data_format("channels_first")',
    ("set_image_dim_ordering", "tf"): 'set_image_data_format("channels_last")',
}
"""Functions of `keras.backend` called with a word, and the call of today."""

LEGACY = {
    "preprocessing.image": "DirectoryIterator ImageDataGenerator Iterator NumpyArrayIterator "
    "apply_affine_transform random_brightness random_channel_shift random_rotation random_shear "
    "random_shift random_zoom",
    "preprocessing.sequence": "TimeseriesGenerator make_sampling_table skipgrams",
    "preprocessing.text": "Tokenizer hashing_trick one_hot text_to_word_sequence tokenizer_from_json",
}
"""What Keras 3 still has, though only below `keras.src.legacy`."""

MODULES = {"initializations": "initializers"}
"""Modules of Keras 1 that today's Keras has by other names."""

GONE_ATTRIBUTES = {
    "get_input_at": "`.get_input_at`",
    "get_output_at": "`.get_output_at`",
    "metrics_names": "`.metrics_names`: loss and compile_metrics today; see `evaluate(return_dict=True)`",
    "total_loss": "`.total_loss`",
    "uses_learning_phase": "`.uses_learning_phase`",
}
