"""What tells a script of Keras 2 or tf.keras from one of Keras 3; see `dialects.detect` and `is_late`."""

_OPTIMIZERS = ("SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax", "Nadam")
_OPTIMIZERS = (*_OPTIMIZERS, *(name.lower() for name in _OPTIMIZERS))
FILES_OF_LAYERS = (
    *("core", "convolutional", "recurrent", "advanced_activations", "normalization", "merge"),
    *(
        "wrappers",
        "noise",
        "local",
        "embeddings",
        "pooling",
        "convolutional_recurrent",
        "cudnn_recurrent",
    ),
)
FILES_OF_UTILS = (
    "np_utils",
    "vis_utils",
    "generic_utils",
    "data_utils",
    "io_utils",
    "layer_utils",
)
"""Files below `keras.layers` and `keras.utils` of 2.0 to 2.2."""

SIGNS = frozenset(
    {
        # Keywords that Keras 3 refuses.
        *(f"{name}({word}=)" for name in _OPTIMIZERS for word in ("lr", "decay")),
        *("Nadam(schedule_decay=)", "ModelCheckpoint(period=)", "ReduceLROnPlateau(epsilon=)"),
        *("fit(workers=)", "fit(use_multiprocessing=)", "fit(max_queue_size=)"),
        *("compile(sample_weight_mode=)", "compile(target_tensors=)", "LSTM(implementation=)"),
        *("GRU(implementation=)", "to_categorical(nb_classes=)", "train_on_batch(reset_metrics=)"),
        *("Dense(weights=)", "LSTM(weights=)", "Conv2D(weights=)"),
        # What logs were called.
        *("'acc'", "'val_acc'", "'cosine_proximity'", "'kullback_leibler_divergence'", "'logcosh'"),
        *("'val_mean_absolute_error'", "'val_mean_squared_error'"),
        *("Embedding(input_length=)", "import __future__"),
        # Files that Keras 3 does not write.
        *("save_weights(old file)", "ModelCheckpoint(old file)"),
        *("losses.Reduction", ".Reduction"),
        # Methods, attributes and functions that are gone.
        *(".fit_generator", ".evaluate_generator", ".predict_generator", ".predict_classes"),
        *(".predict_proba", ".get_output_at", ".get_input_at", ".reset_states", ".to_yaml"),
        *("._make_predict_function", ".uses_learning_phase", ".set_session", "set_session"),
        *("multi_gpu_model", ".multi_gpu_model", "np_utils", ".np_utils", "HDF5Matrix"),
        *("CuDNNLSTM", "CuDNNGRU", ".CuDNNLSTM", ".CuDNNGRU", "Conv2dTranspose"),
        *(".Conv2dTranspose", "ThresholdedReLU", "LocallyConnected1D", "LocallyConnected2D"),
        *("OrderedEnqueuer", "GeneratorEnqueuer", "TFOptimizer", "print_summary"),
        # Modules that are gone.
        *(
            "import keras.backend",
            "import keras.engine",
            "import keras.legacy",
            "import keras.engine.topology",
        ),
        *("import tensorflow.keras.backend", "import keras.optimizers.legacy"),
        *("import tensorflow.keras.layers.experimental", "import tensorflow.keras.experimental"),
        *(
            "import tensorflow.keras.layers.experimental.preprocessing",
            "import tensorflow.keras.estimator",
        ),
        *(f"import keras.layers.{name}" for name in FILES_OF_LAYERS),
        *(f"import keras.utils.{name}" for name in FILES_OF_UTILS),
        *("import keras.preprocessing.text", "import keras.wrappers.scikit_learn"),
        *(
            "import tensorflow.keras.preprocessing.text",
            "import tensorflow.keras.wrappers.scikit_learn",
        ),
        *(
            "ImageDataGenerator",
            ".ImageDataGenerator",
            "TimeseriesGenerator",
            ".TimeseriesGenerator",
        ),
        *("skipgrams", ".skipgrams", ".fit_on_texts", "import keras_preprocessing"),
        *(f"import keras_preprocessing.{name}" for name in ("image", "sequence", "text")),
    }
)

LATE = frozenset(
    {
        *("'val_accuracy'", "'val_mae'", "'val_mse'"),
        *(f"{name}(learning_rate=)" for name in _OPTIMIZERS),
    }
)
"""What tells a script of 2.3 or later from one of 2.0 to 2.2."""
