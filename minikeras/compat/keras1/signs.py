"""What tells a script of Keras 0.x or 1.x; see `dialects.detect`."""

SIGNS = frozenset(
    {
        *("nb_epoch=", "nb_filter=", "border_mode=", "subsample=", "dim_ordering=", "init="),
        *("W_regularizer=", "b_regularizer=", "W_constraint=", "b_constraint=", "output_dim="),
        *("samples_per_epoch=", "nb_val_samples=", "show_accuracy=", "class_mode="),
        *(
            "import keras.layers.Convolution2D",
            "import keras.models.Graph",
            "import keras.objectives",
        ),
    }
)
