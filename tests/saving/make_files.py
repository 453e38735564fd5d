"""Makes the files of `tests/saving/files` with a version of Keras; not run by the tests.

    python make_files.py TAG FOLDER

writes `FOLDER/TAG/*` by whichever Keras can be imported: models in all formats that it has, and
`data.npz` with their inputs, what that Keras predicts for them, and what it predicts after one
more step of training; the folder is kept as `TAG.zip`. `KERAS_KIND=tf` takes the Keras inside
TensorFlow.

Runs on Python 3.7 and newer with Keras 1.2 to 3. How each folder was made:

    TAG       Python  packages                                      environment
    k1.2.2    3.7     keras 1.2.2, theano 1.0.5, numpy 1.16         KERAS_BACKEND=theano, and
    k2.2.4    3.7     keras 2.2.4, theano 1.0.5, numpy 1.16         THEANO_FLAGS=optimizer=None,cxx=
    k2.3.1    3.7     keras 2.3.1, tensorflow 1.15.5                KERAS_BACKEND=tensorflow
    tf1.15    3.7     tensorflow 1.15.5                             KERAS_KIND=tf
    tf2.1     3.7     tensorflow-cpu 2.1.4                          KERAS_KIND=tf
    tf2.3     3.7     tensorflow-cpu 2.3.4                          KERAS_KIND=tf
    tf2.8     3.9     tensorflow-cpu 2.8.4                          KERAS_KIND=tf
    tf2.12    3.10    tensorflow-cpu 2.12.1                         KERAS_KIND=tf
    tf2.15    3.10    tensorflow-cpu 2.15.1                         KERAS_KIND=tf
    k3.0      3.10    keras 3.0.5, jax 0.4.26                       KERAS_BACKEND=jax
    k3.3      3.10    keras 3.3.3, jax 0.4.26                       KERAS_BACKEND=jax
    k3.6      3.10    keras 3.6.0, jax 0.4.26                       KERAS_BACKEND=jax
    k3.8      3.10    keras 3.8.0, jax 0.4.26                       KERAS_BACKEND=jax
    k3.12     3.11    keras 3.12.0, jax                             KERAS_BACKEND=jax
    k3.15     3.11    keras 3.15.1, jax                             KERAS_BACKEND=jax
"""

import os
import sys
import warnings

import numpy as np

warnings.filterwarnings("ignore")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

if os.environ.get("KERAS_KIND") == "tf":
    import tensorflow as tf

    keras = tf.keras
    version = tf.__version__
    era = 2
    mark = tuple(int(n) for n in version.split(".")[:2])  # version of tf.keras
else:
    import keras

    version = keras.__version__
    era = int(version.split(".")[0])
    mark = None
modern = era == 3 or (mark is not None and mark >= (2, 12))  # has `.keras` and `.weights.h5`
layers = keras.layers
if mark is None and keras.backend.backend() == "theano":
    import theano.ifelse  # noqa: F401  which Keras 1 takes to be there


def shaken(model, rng):
    """Move all weights a little, so that none is as it was initialized."""
    old = model.get_weights()
    model.set_weights([(w + rng.uniform(-0.2, 0.2, w.shape)).astype("float32") for w in old])
    return model


# Keras 1.


def stack_of_keras1():
    from keras.constraints import maxnorm
    from keras.regularizers import l1, l2

    model = keras.models.Sequential()
    model.add(
        layers.Convolution2D(
            3,
            3,
            1,  # Theano pads even sizes on the other side
            border_mode="same",
            activation="relu",
            W_regularizer=l2(0.01),
            dim_ordering="tf",
            input_shape=(6, 6, 2),
        )
    )
    model.add(layers.BatchNormalization(axis=-1))
    model.add(layers.AveragePooling2D((2, 2), dim_ordering="tf"))
    model.add(layers.Permute((3, 1, 2)))
    model.add(layers.Convolution2D(2, 2, 2, subsample=(1, 1), init="uniform", dim_ordering="th"))
    model.add(layers.LeakyReLU(0.1))
    model.add(layers.Permute((2, 3, 1)))
    model.add(layers.UpSampling2D((2, 2), dim_ordering="tf"))
    model.add(layers.ZeroPadding2D((1, 1), dim_ordering="tf"))
    model.add(layers.MaxPooling2D((2, 2), dim_ordering="tf"))
    model.add(layers.Reshape((9, 2)))
    model.add(
        layers.Convolution1D(3, 2, subsample_length=2, border_mode="valid", activation="tanh")
    )
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.0))
    model.add(layers.Dense(4, activation="hard_sigmoid", b_regularizer=l1(0.01), bias=True))
    model.add(layers.PReLU())
    model.add(layers.Dense(3, activation="softmax", init="he_normal", W_constraint=maxnorm(3)))
    model.compile(
        keras.optimizers.SGD(lr=0.05, momentum=0.9),
        "categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def text_of_keras1():
    inputs = layers.Input((5,), dtype="int32")
    x = layers.Embedding(7, 4, mask_zero=True)(inputs)
    x = layers.LSTM(3, return_sequences=True, inner_activation="sigmoid", consume_less="gpu")(x)
    x = layers.Bidirectional(layers.GRU(2, return_sequences=True))(x)
    x = layers.TimeDistributed(layers.Dense(3, activation="relu"))(x)
    x = layers.SimpleRNN(3, return_sequences=True, inner_init="identity")(x)
    x = layers.LSTM(2)(x)
    model = keras.models.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def graph_of_keras1():
    a, b = layers.Input((4,), name="a"), layers.Input((4,), name="b")
    shared = layers.Dense(4, activation="tanh", name="shared")
    x, y = shared(a), shared(b)
    inner_input = layers.Input((4,))
    inner = keras.models.Model(
        inner_input, layers.Dense(4)(layers.BatchNormalization()(inner_input)), name="inner"
    )
    chain = keras.models.Sequential(name="chain")
    chain.add(layers.Dense(4, activation="relu", input_dim=4))
    chain.add(layers.Dense(4))
    inner.trainable = False
    p, q = inner(x), inner(y)
    sums = [
        layers.merge([p, q], mode=mode) for mode in ("sum", "mul", "ave", "max", "dot", "concat")
    ]
    z = layers.merge([*sums, chain(q)], mode="concat", concat_axis=-1)
    first = layers.Dense(2, name="first")(z)
    second = layers.Dense(1, activation="sigmoid", name="second")(z)
    model = keras.models.Model([a, b], [first, second])
    model.compile(
        "rmsprop",
        {"first": "mse", "second": "binary_crossentropy"},
        loss_weights={"first": 1.0, "second": 0.5},
    )
    return model


# Keras 2 and 3.


def stack():
    lr = "lr" if mark is None and era == 2 else "learning_rate"
    initializers, regularizers = keras.initializers, keras.regularizers
    conv = {"input_shape": (6, 6, 2)} if era == 2 else {}
    depthwise = {"depthwise_initializer": "he_uniform"}
    depthwise_works = keras.backend.backend() != "theano"
    chain = [
        layers.Conv2D(
            3,
            (3, 2 if depthwise_works else 1),  # Theano pads even sizes on the other side
            padding="same",
            activation="relu",
            kernel_regularizer=regularizers.l2(0.01),
            **conv,
        ),
        layers.BatchNormalization(),
        layers.SeparableConv2D(4, (2, 2), depth_multiplier=2, activation="tanh", **depthwise),
        layers.LeakyReLU(0.1),
        layers.Conv2DTranspose(
            2, (1, 3), strides=2, padding="same" if depthwise_works else "valid"
        ),
        layers.MaxPooling2D((2, 2)),
        layers.ZeroPadding2D(((1, 0), (0, 1))),
        layers.Reshape((25 if depthwise_works else 36, 2)),
        layers.Conv1D(3, 2, strides=2, dilation_rate=1, activation="elu"),
        layers.Flatten(),
        layers.Dropout(0.0),
        layers.Dense(
            4,
            activation="hard_sigmoid",
            kernel_initializer=initializers.RandomUniform(-0.3, 0.3, seed=1),
            bias_regularizer=regularizers.l1_l2(0.01, 0.02),
            kernel_constraint=keras.constraints.max_norm(3.0)
            if hasattr(keras.constraints, "max_norm")
            else keras.constraints.MaxNorm(3.0),
        ),
        layers.PReLU(),
        layers.Dense(
            3,
            activation="softmax",
            kernel_initializer=initializers.VarianceScaling(2.0, "fan_avg", "uniform"),
        ),
    ]
    if depthwise_works:
        chain.insert(2, layers.DepthwiseConv2D(2, use_bias=False, **depthwise))
    if era == 3:
        chain.insert(0, layers.Input((6, 6, 2)))
    model = keras.models.Sequential(chain)
    model.compile(
        keras.optimizers.SGD(momentum=0.9, nesterov=True, **{lr: 0.05}),
        "categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def text():
    inputs = layers.Input((5,), dtype="int32")
    x = layers.Embedding(7, 4, mask_zero=True)(inputs)
    x = layers.LSTM(3, return_sequences=True)(x)  # by the defaults of its time
    x = layers.Bidirectional(layers.GRU(2, return_sequences=True))(x)
    x = layers.TimeDistributed(layers.Dense(3, activation="relu"))(x)
    x = layers.GRU(3, return_sequences=True, reset_after=True)(x)
    initializer = "he_normal" if era == 3 else "identity"
    x = layers.SimpleRNN(3, return_sequences=True, recurrent_initializer=initializer)(x)
    x = layers.RNN(layers.GRUCell(2), return_sequences=True)(x)
    options = {} if era == 3 else {"implementation": 2}
    x = layers.LSTM(2, unit_forget_bias=False, recurrent_activation="sigmoid", **options)(x)
    model = keras.models.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def graph():
    a, b = layers.Input((4,), name="a"), layers.Input((4,), name="b")
    shared = layers.Dense(4, activation="tanh", name="shared")
    x, y = shared(a), shared(b)
    inner_input = layers.Input((4,))
    inner = keras.models.Model(
        inner_input, layers.Dense(4)(layers.BatchNormalization()(inner_input)), name="inner"
    )
    chain = keras.models.Sequential(
        [
            layers.Dense(4, trainable=False, **({"input_shape": (4,)} if era == 2 else {})),
            layers.Dense(4, activation="relu"),
        ],
        name="chain",
    )
    if era == 3:
        chain.build((None, 4))
    inner.trainable = False
    p, q = inner(x), inner(y)
    merges = ("Add", "Multiply", "Average", "Maximum", "Subtract", "Concatenate")
    sums = [getattr(layers, name)()([p, q]) for name in merges]
    z = layers.Concatenate(axis=-1)([*sums, chain(q), layers.Dot(-1)([x, y])])
    if hasattr(layers, "LayerNormalization"):
        z = layers.LayerNormalization()(z)
    if hasattr(layers, "MultiHeadAttention"):
        rows = layers.Reshape((2, 2))(p)
        more = layers.Reshape((2, 2))(q)
        attended = layers.MultiHeadAttention(2, 3)(rows, more)
        z = layers.Concatenate()([z, layers.Flatten()(attended)])
    first = layers.Dense(2, name="first")(z)
    second = layers.Dense(1, activation="sigmoid", name="second")(z)
    model = keras.models.Model([a, b], [first, second], name="whole")
    model.compile(
        "rmsprop",
        {"first": "mse", "second": "binary_crossentropy"},
        loss_weights={"first": 1.0, "second": 0.5},
        metrics={"first": ["mae"]},
    )
    return model


def with_lambda():
    inputs = layers.Input((2,))
    return keras.models.Model(inputs, layers.Lambda(lambda x: x * 2.0)(inputs))


def with_cudnn(kind):
    """Return a layer of cuDNN, which needs a GPU to run, and what runs like it on a CPU."""
    cudnn = getattr(tf.compat.v1.keras.layers, "CuDNN" + kind)(4)
    plain = getattr(layers, kind)(4, recurrent_activation="sigmoid")
    models = []
    for layer in (cudnn, plain):
        inputs = layers.Input((5, 3))
        models.append(keras.models.Model(inputs, layer(inputs)))
    return models


def arrays():
    rng = np.random.RandomState(5)
    images = rng.uniform(-1, 1, (4, 6, 6, 2)).astype("float32")
    words = rng.randint(1, 7, (4, 5)).astype("int32")
    words[1, 3:] = words[2, 4:] = 0  # masked
    pairs = [rng.uniform(-1, 1, (4, 4)).astype("float32") for _ in range(2)]
    classes = np.eye(3, dtype="float32")[[0, 1, 2, 1]]
    halves = np.array([[0], [1], [1], [0]], "float32")
    numbers = rng.uniform(-1, 1, (4, 2)).astype("float32")
    return {
        "stack": ([images], [classes]),
        "text": ([words], [halves]),
        "graph": (pairs, [numbers, halves]),
    }


def bare(values):
    return values[0] if len(values) == 1 else values


def outputs_of(model, x):
    found = model.predict(bare(x), **({} if era == 1 else {"verbose": 0}))
    return found if isinstance(found, (list, tuple)) else [found]


def main(tag, folder):
    folder = os.path.join(folder, tag)
    os.makedirs(folder, exist_ok=True)
    rng = np.random.RandomState(3)
    makers = {"stack": stack, "text": text, "graph": graph}
    if era == 1:
        makers = {"stack": stack_of_keras1, "text": text_of_keras1, "graph": graph_of_keras1}
    data = {}
    for name, (x, y) in arrays().items():
        model = shaken(makers[name](), rng)
        for _ in range(2):
            model.train_on_batch(bare(x), bare(y))
        path = os.path.join(folder, name)
        if modern:
            model.save(path + ".keras", **({"save_format": "keras_v3"} if mark == (2, 12) else {}))
        if not modern or name == "stack" or tag in ("tf2.15", "k3.15"):
            model.save(path + ".h5")
        if name == "text" and not modern:
            with open(path + ".json", "w") as file:
                file.write(model.to_json())
        if name == "stack":
            model.save_weights(path + (".weights.h5" if modern else "_weights.h5"))
        for i, array in enumerate(x):
            data[f"{name}/x{i}"] = array
        for i, array in enumerate(y):
            data[f"{name}/target{i}"] = array
        for i, array in enumerate(outputs_of(model, x)):
            data[f"{name}/y{i}"] = np.asarray(array)
        model.train_on_batch(bare(x), bare(y))
        for i, array in enumerate(outputs_of(model, x)):
            data[f"{name}/next{i}"] = np.asarray(array)
    for kind in ("LSTM", "GRU") if mark == (2, 8) else ():
        model, plain = with_cudnn(kind)
        shaken(model, rng).save(os.path.join(folder, f"cudnn{kind}.h5"))
        model.save_weights(os.path.join(folder, "scratch.h5"))
        plain.load_weights(os.path.join(folder, "scratch.h5"))  # which turns the weights around
        os.remove(os.path.join(folder, "scratch.h5"))
        data[f"cudnn{kind}/x0"] = rng.uniform(-1, 1, (2, 5, 3)).astype("float32")
        data[f"cudnn{kind}/y0"] = plain.predict(data[f"cudnn{kind}/x0"])
    if era > 1:
        with_lambda().save(os.path.join(folder, "lambda.h5"))
    np.savez_compressed(os.path.join(folder, "data.npz"), **data)
    print(tag, version, {n: os.path.getsize(os.path.join(folder, n)) for n in os.listdir(folder)})


if __name__ == "__main__":
    main(*sys.argv[1:])
