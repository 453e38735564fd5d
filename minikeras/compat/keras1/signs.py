"""What tells a script of Keras 0.x or 1.x; see `dialects.detect`.

No signs are names that Keras 2 understood as well (`Convolution2D`, `lr`, `maxnorm`, `Model(input=...)`).
Keywords that other libraries and users have, too (`KMeans(init=...)`), count in calls of layers.
"""

from __future__ import annotations

# Keywords that nothing else has.
_KEYWORDS = (
    *("border_mode", "dim_ordering", "atrous_rate", "subsample_length", "poolsize"),
    *("W_regularizer", "b_regularizer", "U_regularizer", "W_constraint", "b_constraint"),
    *("dropout_W", "dropout_U", "inner_init", "inner_activation", "forget_bias_init"),
    *("consume_less", "samples_per_epoch", "nb_val_samples", "show_accuracy", "theano_mode"),
    *("truncate_gradient", "nb_feature", "beta_init", "gamma_init"),
)

# Keywords that count in calls of these.
_LAYERS = (
    *(
        "Dense",
        "TimeDistributedDense",
        "MaxoutDense",
        "Highway",
        "Embedding",
        "PReLU",
        "LSTM",
        "GRU",
    ),
    *("SimpleRNN", "Convolution1D", "Convolution2D", "Convolution3D", "Conv1D", "Conv2D", "Conv3D"),
    *("AtrousConvolution1D", "AtrousConvolution2D", "Deconvolution2D", "SeparableConvolution2D"),
    *("LocallyConnected1D", "LocallyConnected2D", "MaxPooling1D", "AveragePooling1D"),
)
_OF_LAYERS = ("init", "nb_filter", "nb_row", "nb_col", "filter_length", "subsample", "pool_length")
_MERGES = ("Merge", "merge", "add_node", "add_output", "add_shared_node")
_OF_MERGES = ("mode", "concat_axis", "dot_axes", "merge_mode")
_TRAINING = (
    *("fit", "fit_generator", "evaluate_generator", "predict_generator", "KerasClassifier"),
    *("KerasRegressor", "dict"),
)
_OF_TRAINING = ("nb_epoch", "val_samples", "nb_worker")
_IN_CALLS = {
    **dict.fromkeys(_LAYERS, _OF_LAYERS),
    **dict.fromkeys(_MERGES, _OF_MERGES),
    **dict.fromkeys(_TRAINING, _OF_TRAINING),
}
_WITH_OUTPUT_DIM = ("Dense", "LSTM", "GRU", "SimpleRNN", "TimeDistributedDense", "MaxoutDense")

# Imports.
_MODULES = (
    *("keras.objectives", "keras.initializations", "keras.layers.containers"),
    *("keras.utils.visualize_util", "keras.legacy.models"),
)
_NAMES = (
    *("Graph", "Merge", "MaxoutDense", "Highway", "TimeDistributedDense", "AutoEncoder"),
    *("TimeDistributedMerge", "LambdaMerge", "AtrousConvolution1D", "AtrousConvolution2D"),
    *("ParametricSoftplus", "SReLU", "ThresholdedLinear", "MaskedLayer", "activity_l1"),
    *("activity_l2", "activity_l1l2", "l1l2"),
)
_PLACES = (
    *("keras.layers", "keras.models", "keras.layers.core", "keras.engine", "keras.engine.topology"),
    *("keras.layers.advanced_activations", "keras.layers.convolutional", "keras.legacy.models"),
    *("keras.layers.embeddings", "keras.regularizers"),
)

SIGNS = frozenset(
    {
        *(f"{name}=" for name in _KEYWORDS),
        *(f"{call}({name}=)" for call, names in _IN_CALLS.items() for name in names),
        *(f"{name}(output_dim=)" for name in _WITH_OUTPUT_DIM),
        *("BatchNormalization(mode=)", "compile(class_mode=)", "train_on_batch(accuracy=)"),
        *("test_on_batch(accuracy=)", "Deconvolution2D(output_shape=)"),
        *(f"import {name}" for name in _MODULES),
        *(f"import {place}.{name}" for place in _PLACES for name in _NAMES),
        *("import keras.engine.merge", "import keras.engine.topology.merge"),
        *(".get_output_shape_for", "def get_output_shape_for", ".add_shared_node"),
        *("Convolution2D/3", "Convolution2D/4", "Convolution3D/4"),
    }
)
