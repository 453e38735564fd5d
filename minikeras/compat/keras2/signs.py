"""What tells a script of Keras 2 or tf.keras from one of Keras 3; see `dialects.detect`."""

SIGNS = frozenset(
    {
        # Keywords that Keras 3 refuses.
        *("Adam(lr=)", "SGD(lr=)", "RMSprop(lr=)", "Adagrad(lr=)", "Adadelta(lr=)", "Adamax(lr=)"),
        *("Nadam(lr=)", "Adam(decay=)", "SGD(decay=)", "RMSprop(decay=)", "Adagrad(decay=)"),
        # Methods and modules that are gone.
        *(".fit_generator", ".evaluate_generator", ".predict_generator", ".predict_classes"),
        *(".predict_proba", "import keras.engine", "import keras.engine.topology"),
        *("import keras.utils.np_utils", "np_utils", "import keras.layers.core"),
        *("import keras.layers.convolutional", "import keras.layers.recurrent"),
        *("import keras.preprocessing.text", "import keras.wrappers.scikit_learn"),
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
