"""What tells a script of Keras 0.x or 1.x; see `dialects.detect`.

Names that Keras 2 understood as well, `Convolution2D` and `lr` for example, are none.
"""

_KEYWORDS = (
    *("nb_epoch", "nb_filter", "nb_row", "nb_col", "filter_length", "border_mode", "subsample"),
    *("subsample_length", "dim_ordering", "atrous_rate", "pool_length", "poolsize"),
    *("W_regularizer", "b_regularizer", "U_regularizer", "W_constraint", "b_constraint"),
    *("dropout_W", "dropout_U", "init", "inner_init", "inner_activation", "forget_bias_init"),
    *(
        "consume_less",
        "samples_per_epoch",
        "nb_val_samples",
        "val_samples",
        "nb_worker",
        "pickle_safe",
    ),
    *("max_q_size", "show_accuracy", "class_mode", "theano_mode", "truncate_gradient"),
    *(
        "merge_mode",
        "concat_axis",
        "dot_axes",
        "nb_feature",
        "beta_init",
        "gamma_init",
        "nb_classes",
    ),
)
_WITH_OUTPUT_DIM = (  # an argument of `Embedding` to this day
    *("Dense", "LSTM", "GRU", "SimpleRNN", "TimeDistributedDense", "MaxoutDense"),
)
_MODULES = (
    *("keras.objectives", "keras.initializations", "keras.layers.containers"),
    *("keras.utils.visualize_util", "keras.legacy.models"),
)
_NAMES = (
    *("Graph", "Merge", "merge", "MaxoutDense", "Highway", "TimeDistributedDense", "AutoEncoder"),
    *("TimeDistributedMerge", "LambdaMerge", "AtrousConvolution1D", "AtrousConvolution2D"),
    *("Deconvolution2D", "ParametricSoftplus", "SReLU", "ThresholdedLinear", "MaskedLayer"),
)

_OLD_PLACES = (
    *("keras.layers", "keras.models", "keras.layers.core", "keras.engine", "keras.engine.topology"),
    *("keras.layers.advanced_activations", "keras.layers.convolutional", "keras.legacy.models"),
)

SIGNS = frozenset(
    {
        *(f"{name}=" for name in _KEYWORDS if name != "merge_mode"),
        *("add_node(merge_mode=)", "add_output(merge_mode=)", "add_shared_node(merge_mode=)"),
        *(f"{name}(output_dim=)" for name in _WITH_OUTPUT_DIM),
        *(f"import {name}" for name in _MODULES),
        *(f"import keras.{name}" for name in ("objectives", "initializations")),
        *(f"import {place}.{name}" for place in _OLD_PLACES for name in _NAMES),
        *("Model(input=)", "Model(output=)", "Container(input=)", "Container(output=)"),
        *(".get_output_shape_for", "def get_output_shape_for", "def get_output"),
        *(".add_shared_node", ".set_image_dim_ordering", ".image_dim_ordering"),
        *("activity_l1", "activity_l2", "activity_l1l2", "l1l2", "maxnorm"),
        *("'th'", "'tf'", "'rmse'", "'RMSE'"),
    }
)
