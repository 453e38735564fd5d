"""The models that are timed, in Keras's words, in PyTorch's, and in scikit-learn's.

For a workload NAME there are functions `NAME_data`, and `NAME_keras`, `NAME_torch`, `NAME_sklearn`
for the peers that can do it. `NAME_keras` makes the model for minikeras and for Keras alike: the
module is handed over. A model of several inputs has them in a list.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from drawn import drawn


def moons_data() -> tuple[np.ndarray, np.ndarray]:
    angle = np.linspace(0, np.pi, 500)
    outer = np.stack([np.cos(angle), np.sin(angle)], 1)
    inner = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], 1)
    x = np.concatenate([outer, inner]) + np.random.default_rng(0).normal(scale=0.05, size=(1000, 2))
    return x.astype("float32"), np.repeat([0, 1], 500).astype("int32")


def moons_keras(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(4, activation="tanh"),
            layers.Dense(2, activation="tanh"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    return model


def moons_torch(torch: Any) -> tuple:
    nn = torch.nn
    model = nn.Sequential(
        *(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2), nn.Tanh(), nn.Linear(2, 1), nn.Flatten(0))
    )
    return model, nn.BCEWithLogitsLoss(), torch.optim.Adam(model.parameters(), 0.01)


def moons_sklearn() -> Any:
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((4, 2), activation="tanh", learning_rate_init=0.01, random_state=0)


def mlp_data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.random((12_800, 784), dtype=np.float32)
    return x, (x @ rng.normal(size=(784, 10))).argmax(1).astype("int32")


def mlp_keras(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def mlp_torch(torch: Any) -> tuple:
    nn = torch.nn
    model = nn.Sequential(
        *(nn.Linear(784, 512), nn.ReLU(), nn.Dropout(0.2)),
        *(nn.Linear(512, 512), nn.ReLU(), nn.Dropout(0.2)),
        nn.Linear(512, 10),
    )
    return model, nn.CrossEntropyLoss(), torch.optim.RMSprop(model.parameters(), 0.001, alpha=0.9)


def mlp_sklearn() -> Any:
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((512, 512), random_state=0)  # without Dropout, and with Adam


def mlp64_data() -> tuple[np.ndarray, np.ndarray]:
    x, y = mlp_data()
    return x.astype("float64"), y


def mlp64_keras(keras: Any) -> Any:
    keras.config.set_floatx("float64")
    if keras.config.backend() == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
    return mlp_keras(keras)


def mlp64_torch(torch: Any) -> tuple:
    torch.set_default_dtype(torch.float64)
    return mlp_torch(torch)


mlp64_sklearn = mlp_sklearn


def logistic_data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(12_800, 30)).astype("float32")
    return x, (x @ rng.normal(size=30) > 0).astype("int32")


def logistic_keras(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential([keras.Input((30,)), layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.SGD(0.01), "binary_crossentropy", metrics=["accuracy"])
    return model


def logistic_torch(torch: Any) -> tuple:
    model = torch.nn.Sequential(torch.nn.Linear(30, 1), torch.nn.Flatten(0))
    return model, torch.nn.BCEWithLogitsLoss(), torch.optim.SGD(model.parameters(), 0.01)


def logistic_sklearn() -> Any:
    from sklearn.linear_model import SGDClassifier

    return SGDClassifier(loss="log_loss", learning_rate="constant", eta0=0.01, random_state=0)


def tabular_data() -> tuple[list[np.ndarray], np.ndarray]:
    """Eight columns of categories and six of numbers."""
    rng = np.random.default_rng(0)
    categories = rng.integers(0, 1000, (12_800, 8)).astype("int32")
    numbers = rng.normal(size=(12_800, 6)).astype("float32")
    return [categories, numbers], (categories[:, 0] % 2 ^ (numbers[:, 0] > 0)).astype("int32")


def tabular_keras(keras: Any) -> Any:
    layers = keras.layers
    categories, numbers = keras.Input((8,), dtype="int32"), keras.Input((6,))
    columns = [categories[:, i] for i in range(8)]
    wide = layers.Add()([layers.Embedding(1000, 1)(column) for column in columns])
    embedded = [layers.Embedding(1000, 16)(column) for column in columns]
    deep = layers.Concatenate()([*embedded, layers.BatchNormalization()(numbers)])
    for units in (256, 128, 64):
        deep = layers.Dense(units, activation="relu")(deep)
    outputs = layers.Activation("sigmoid")(layers.Add()([wide, layers.Dense(1)(deep)]))
    model = keras.Model([categories, numbers], outputs)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def tabular_torch(torch: Any) -> tuple:
    nn = torch.nn

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.wide = nn.ModuleList(nn.Embedding(1000, 1) for _ in range(8))
            self.embeddings = nn.ModuleList(nn.Embedding(1000, 16) for _ in range(8))
            self.norm = nn.BatchNorm1d(6)
            self.deep = nn.Sequential(
                *(nn.Linear(8 * 16 + 6, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU()),
                *(nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 1)),
            )

        def forward(self, categories: Any, numbers: Any) -> Any:
            columns = categories.unbind(1)
            wide = sum(table(column) for table, column in zip(self.wide, columns))
            embedded = [table(column) for table, column in zip(self.embeddings, columns)]
            return (wide + self.deep(torch.cat([*embedded, self.norm(numbers)], 1)))[:, 0]

    model = Model()
    return model, nn.BCEWithLogitsLoss(), torch.optim.Adam(model.parameters(), 0.001)


def images(rows: int, size: int, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise with a brighter square whose place tells the class."""
    rng = np.random.default_rng(0)
    x = rng.random((rows, size, size, channels), dtype=np.float32) * 0.5
    y = rng.integers(0, 10, rows)
    for k in range(10):
        top, left = size // 4 * (k % 4), size // 3 * (k // 4)
        x[y == k, top : top + size // 4, left : left + size // 4] += 0.5
    return x, y.astype("int32")


def convnet_data() -> tuple[np.ndarray, np.ndarray]:
    return images(2560, 28, 1)


def convnet_keras(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def convnet_torch(torch: Any) -> tuple:
    nn = torch.nn
    model = nn.Sequential(
        *(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Dropout(0.5), nn.Linear(1600, 10)),
    )
    return model, nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), 0.001)


def vgg_data() -> tuple[np.ndarray, np.ndarray]:
    return images(640, 32, 3)


def vgg_keras(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential([keras.Input((32, 32, 3))])
    for filters in (32, 64, 128):
        for _ in range(2):
            model.add(layers.Conv2D(filters, 3, padding="same"))
            model.add(layers.BatchNormalization())
            model.add(layers.ReLU())
        model.add(layers.MaxPooling2D(2))
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(10, activation="softmax"))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def vgg_torch(torch: Any) -> tuple:
    nn = torch.nn
    blocks, channels = [], 3
    for filters in (32, 64, 128):
        for _ in range(2):
            blocks += [nn.Conv2d(channels, filters, 3, padding=1), nn.BatchNorm2d(filters)]
            blocks += [nn.ReLU()]
            channels = filters
        blocks += [nn.MaxPool2d(2)]
    model = nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))
    return model, nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), 0.001)


def resnet_data() -> tuple[np.ndarray, np.ndarray]:
    return images(640, 32, 3)


def resnet_keras(keras: Any) -> Any:
    layers = keras.layers

    def convolve(x: Any, filters: int, size: int, strides: int) -> Any:
        x = layers.Conv2D(filters, size, strides, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    inputs = keras.Input((32, 32, 3))
    x = layers.ReLU()(convolve(inputs, 16, 3, 1))
    for filters in (16, 32, 64):
        for block in range(3):
            strides = 2 if filters > 16 and block == 0 else 1
            y = layers.ReLU()(convolve(x, filters, 3, strides))
            y = convolve(y, filters, 3, 1)
            short = convolve(x, filters, 1, 2) if strides == 2 else x
            x = layers.ReLU()(layers.Add()([y, short]))
    outputs = layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(inputs, outputs)
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def resnet_torch(torch: Any) -> tuple:
    nn = torch.nn

    def convolve(channels: int, filters: int, size: int, strides: int) -> Any:
        convolution = nn.Conv2d(channels, filters, size, strides, size // 2, bias=False)
        return nn.Sequential(convolution, nn.BatchNorm2d(filters))

    class Block(nn.Module):
        def __init__(self, channels: int, filters: int) -> None:
            super().__init__()
            strides = filters // channels
            self.first = convolve(channels, filters, 3, strides)
            self.second = convolve(filters, filters, 3, 1)
            self.short = convolve(channels, filters, 1, 2) if strides == 2 else nn.Identity()

        def forward(self, x: Any) -> Any:
            return torch.relu(self.second(torch.relu(self.first(x))) + self.short(x))

    widths = [16, 16, 16, 16, 32, 32, 32, 64, 64, 64]
    model = nn.Sequential(
        *(convolve(3, 16, 3, 1), nn.ReLU()),
        *(Block(a, b) for a, b in itertools.pairwise(widths)),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)),
    )
    optimizer = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9)
    return model, nn.CrossEntropyLoss(), optimizer


def mobilenet_data() -> tuple[np.ndarray, np.ndarray]:
    return images(640, 32, 3)


SEPARABLE = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1))
"""Filters and strides of the blocks of mobilenet."""


def mobilenet_keras(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential([keras.Input((32, 32, 3))])

    def add(convolution: Any) -> None:
        model.add(convolution)
        model.add(layers.BatchNormalization())
        model.add(layers.ReLU())

    add(layers.Conv2D(32, 3, padding="same", use_bias=False))
    for filters, strides in SEPARABLE:
        add(layers.DepthwiseConv2D(3, strides, padding="same", use_bias=False))
        add(layers.Conv2D(filters, 1, use_bias=False))
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(10, activation="softmax"))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def mobilenet_torch(torch: Any) -> tuple:
    nn = torch.nn

    def convolve(channels: int, filters: int, size: int, strides: int, groups: int = 1) -> tuple:
        options = {"padding": size // 2, "groups": groups, "bias": False}
        convolution = nn.Conv2d(channels, filters, size, strides, **options)
        return convolution, nn.BatchNorm2d(filters), nn.ReLU()

    blocks, channels = [*convolve(3, 32, 3, 1)], 32
    for filters, strides in SEPARABLE:
        blocks += convolve(channels, channels, 3, strides, channels)
        blocks += convolve(channels, filters, 1, 1)
        channels = filters
    model = nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))
    return model, nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), 0.001)


def causal_data() -> tuple[np.ndarray, np.ndarray]:
    """Waves with noise, and the same one step later."""
    rng = np.random.default_rng(0)
    time = np.arange(257) * rng.uniform(0.05, 0.5, (640, 1)) + rng.uniform(0, 7, (640, 1))
    series = np.sin(time) + rng.normal(scale=0.1, size=time.shape)
    series = series[..., None].astype("float32")
    return series[:, :-1].copy(), series[:, 1:].copy()


DILATIONS = (1, 2, 4, 8, 16, 32, 64)


def causal_keras(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential([keras.Input((256, 1))])
    for rate in DILATIONS:
        options = {"padding": "causal", "dilation_rate": rate, "activation": "relu"}
        model.add(layers.Conv1D(32, 2, **options))
    model.add(layers.Conv1D(1, 1))
    model.compile("adam", "mse")
    return model


def causal_torch(torch: Any) -> tuple:
    nn = torch.nn
    parts, channels = [], 1
    for rate in DILATIONS:
        parts += [nn.ConstantPad1d((rate, 0), 0.0), nn.Conv1d(channels, 32, 2, dilation=rate)]
        parts += [nn.ReLU()]
        channels = 32
    model = nn.Sequential(*parts, nn.Conv1d(32, 1, 1))
    return model, nn.MSELoss(), torch.optim.Adam(model.parameters(), 0.001)


def token_data(rows: int, length: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Random words of a large vocabulary; the first one tells the class."""
    x = np.random.default_rng(0).integers(1, 20_000, (rows, length))
    return x.astype("int32"), (x[:, 0] % classes).astype("int32")


def lstm_data() -> tuple[np.ndarray, np.ndarray]:
    return token_data(640, 80, 2)


def sentiment_keras(keras: Any, *recurrent: Any) -> Any:
    """Make a model that reads 80 words and tells one of two classes."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((80,), dtype="int32"),
            layers.Embedding(20_000, 128),
            *recurrent,
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def sentiment_torch(torch: Any, recurrent: Any) -> tuple:
    """Make the same of PyTorch's; both directions of the last layer are read at their ends."""
    nn = torch.nn

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(20_000, 128)
            self.recurrent = recurrent
            self.dense = nn.Linear(128, 1)

        def forward(self, tokens: Any) -> Any:
            _, state = self.recurrent(self.embedding(tokens))
            last = state[0] if isinstance(state, tuple) else state
            ends = torch.cat((last[-2], last[-1]), 1) if recurrent.bidirectional else last[-1]
            return self.dense(ends)[:, 0]

    model = Model()
    return model, nn.BCEWithLogitsLoss(), torch.optim.Adam(model.parameters(), 0.001)


def lstm_keras(keras: Any) -> Any:
    return sentiment_keras(keras, keras.layers.LSTM(128))


def lstm_torch(torch: Any) -> tuple:
    return sentiment_torch(torch, torch.nn.LSTM(128, 128, batch_first=True))


gru_data = lstm_data


def gru_keras(keras: Any) -> Any:
    return sentiment_keras(keras, keras.layers.GRU(128))


def gru_torch(torch: Any) -> tuple:
    return sentiment_torch(torch, torch.nn.GRU(128, 128, batch_first=True))


bilstm_data = lstm_data


def bilstm_keras(keras: Any) -> Any:
    layers = keras.layers
    first = layers.Bidirectional(layers.LSTM(64, return_sequences=True))
    return sentiment_keras(keras, first, layers.Bidirectional(layers.LSTM(64)))


def bilstm_torch(torch: Any) -> tuple:
    options = {"num_layers": 2, "bidirectional": True, "batch_first": True}
    return sentiment_torch(torch, torch.nn.LSTM(128, 64, **options))


def transformer_data() -> tuple[np.ndarray, np.ndarray]:
    return token_data(640, 200, 20)


def transformer_keras(keras: Any) -> Any:
    layers = keras.layers
    inputs = keras.Input((200,), dtype="int32")
    x = layers.Embedding(20_000, 32)(inputs)
    attended = layers.MultiHeadAttention(num_heads=2, key_dim=32)(x, x)
    x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, layers.Dropout(0.1)(attended)]))
    fed = layers.Dense(32)(layers.Dense(32, activation="relu")(x))
    x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, layers.Dropout(0.1)(fed)]))
    x = layers.Dropout(0.1)(layers.GlobalAveragePooling1D()(x))
    model = keras.Model(inputs, layers.Dense(20, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def transformer_torch(torch: Any) -> tuple:
    nn = torch.nn

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(20_000, 32)
            # Keras's two heads of 32 need inner projections of 64; nn.MultiheadAttention has none.
            self.query, self.key, self.value = (nn.Linear(32, 64) for _ in range(3))
            self.project = nn.Linear(64, 32)
            self.feed = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 32))
            self.norms = nn.ModuleList(nn.LayerNorm(32, 1e-6) for _ in range(2))
            self.drop, self.dense = nn.Dropout(0.1), nn.Linear(32, 20)

        def forward(self, tokens: Any) -> Any:
            x = self.embedding(tokens)
            parts = (self.query(x), self.key(x), self.value(x))
            q, k, v = (p.unflatten(-1, (2, 32)).transpose(1, 2) for p in parts)
            attended = nn.functional.scaled_dot_product_attention(q, k, v)
            attended = self.project(attended.transpose(1, 2).flatten(-2))
            x = self.norms[0](x + self.drop(attended))
            x = self.norms[1](x + self.drop(self.feed(x)))
            return self.dense(self.drop(x.mean(1)))

    model = Model()
    return model, nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), 0.001)


def decoder_data() -> tuple[np.ndarray, np.ndarray]:
    """Random texts, and the same one token later."""
    tokens = np.random.default_rng(0).integers(0, 8000, (64, 257)).astype("int32")
    return tokens[:, :-1].copy(), tokens[:, 1:].copy()


def decoder_keras(keras: Any) -> Any:
    layers = keras.layers

    class Positions(layers.Layer):
        """Adds a vector that is learned to each place of a text."""

        def build(self, input_shape: Any) -> None:
            self.table = self.add_weight(shape=input_shape[1:], initializer="uniform")

        def call(self, inputs: Any) -> Any:
            return inputs + self.table

    inputs = keras.Input((256,), dtype="int32")
    x = Positions()(layers.Embedding(8000, 128)(inputs))
    for _ in range(4):
        y = layers.LayerNormalization(epsilon=1e-5)(x)
        y = layers.MultiHeadAttention(num_heads=4, key_dim=32)(y, y, use_causal_mask=True)
        x = layers.Add()([x, layers.Dropout(0.1)(y)])
        y = layers.LayerNormalization(epsilon=1e-5)(x)
        y = layers.Dense(128)(layers.Dense(512, activation="gelu")(y))
        x = layers.Add()([x, layers.Dropout(0.1)(y)])
    logits = layers.Dense(8000)(layers.LayerNormalization(epsilon=1e-5)(x))
    model = keras.Model(inputs, logits)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def decoder_torch(torch: Any) -> tuple:
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norms = nn.ModuleList(nn.LayerNorm(128) for _ in range(2))
            self.project, self.deliver = nn.Linear(128, 3 * 128), nn.Linear(128, 128)
            self.feed = nn.Sequential(nn.Linear(128, 512), nn.GELU(), nn.Linear(512, 128))
            self.drop = nn.Dropout(0.1)

        def forward(self, x: Any) -> Any:
            parts = self.project(self.norms[0](x)).chunk(3, -1)
            q, k, v = (part.unflatten(-1, (4, 32)).transpose(1, 2) for part in parts)
            attended = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.drop(self.deliver(attended.transpose(1, 2).flatten(-2)))
            return x + self.drop(self.feed(self.norms[1](x)))

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(8000, 128)
            self.positions = nn.Parameter(0.05 * torch.rand(256, 128))
            self.blocks = nn.Sequential(*(Block() for _ in range(4)))
            self.norm, self.dense = nn.LayerNorm(128), nn.Linear(128, 8000)

        def forward(self, tokens: Any) -> Any:
            x = self.blocks(self.embedding(tokens) + self.positions)
            return self.dense(self.norm(x)).transpose(1, 2)  # classes where the loss looks for them

    model = Model()
    return model, nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), 0.001)


def autoencoder_data() -> tuple[np.ndarray, np.ndarray]:
    x, _ = images(2560, 28, 1)
    return x, x


def autoencoder_keras(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(32, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(32, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy")
    return model


def autoencoder_torch(torch: Any) -> tuple:
    nn = torch.nn
    up = {"stride": 2, "padding": 1, "output_padding": 1}
    model = nn.Sequential(
        *(nn.Conv2d(1, 32, 3, 2, 1), nn.ReLU(), nn.Conv2d(32, 32, 3, 2, 1), nn.ReLU()),
        *(nn.ConvTranspose2d(32, 32, 3, **up), nn.ReLU()),
        *(nn.ConvTranspose2d(32, 32, 3, **up), nn.ReLU()),
        nn.Conv2d(32, 1, 3, padding=1),
    )
    return model, nn.BCEWithLogitsLoss(), torch.optim.Adam(model.parameters(), 0.001)


def workload(name: str, what: str, batch: int, epochs: int, many: int = 256) -> dict[str, Any]:
    """Gather the functions called `name_data`, `name_keras`, ... above.

    Args:
        name: the workload's name.
        what: the model in words.
        batch: examples of a training step.
        epochs: how many are timed, and one before them.
        many: examples of a step of `predict` and `evaluate`.
    """
    parts = {k: globals().get(f"{name}_{k}") for k in ("data", "keras", "torch", "sklearn")}
    found = {"name": name, "what": what, "batch": batch, "epochs": epochs, "many": many}
    return found | {k: f for k, f in parts.items() if f}


WORKLOADS: dict[str, dict[str, Any]] = {
    name: workload(name, *rest)
    for name, *rest in (
        ("moons", "2-4-2-1, tanh, sigmoid, Adam, batch 32", 32, 31),
        ("logistic", "30-1, sigmoid, SGD, batch 32", 32, 6),
        ("mlp", "784-512-512-10, relu, Dropout 0.2, RMSprop, batch 128", 128, 10),
        ("mlp64", "the same in float64", 128, 10),
        ("tabular", "wide and deep: 8 columns embedded, 6 numbers, Adam, batch 256", 256, 6),
        ("convnet", "28x28x1, Conv 32 and 64, pools, Dropout 0.5, Dense, Adam, batch 128", 128, 5),
        ("vgg", "32x32x3, 2 x (Conv, BN, relu) at 32, 64, 128, pools, Adam, batch 64", 64, 4),
        ("resnet", "ResNet-20 on 32x32x3, SGD with momentum, batch 64", 64, 4),
        ("mobilenet", "32x32x3, Conv, 5 x (depthwise, pointwise), BN, relu, Adam, batch 64", 64, 4),
        ("causal", "256 steps, 7 causal Conv1D of 32, dilated 1 to 64, Adam, batch 32", 32, 5),
        ("lstm", "80 tokens, Embedding 20000x128, LSTM 128, Dense, Adam, batch 32", 32, 5),
        ("gru", "80 tokens, Embedding 20000x128, GRU 128, Dense, Adam, batch 32", 32, 5),
        ("bilstm", "80 tokens, Embedding 20000x128, 2 x LSTM 2x64, Dense, Adam, batch 32", 32, 5),
        ("transformer", "200 tokens, Embedding 20000x32, attention 2x32, Adam, batch 32", 32, 5),
        ("decoder", "256 tokens of 8000, 4 x (causal attention 4x32, 512), Adam, batch 8", 8, 4, 8),
        ("autoencoder", "28x28x1, 2 Conv, 2 ConvTranspose, Conv, Adam, batch 128", 128, 5),
    )
}


def find(name: str) -> dict[str, Any]:
    """Return a workload by its name: one of `WORKLOADS`, or one of a size, as `drawn` takes it."""
    return WORKLOADS.get(name) or drawn(name)


def first(x: Any, rows: int) -> Any:
    """Return the first rows of a model's input, or of each of its inputs."""
    return [part[:rows] for part in x] if isinstance(x, list) else x[:rows]
