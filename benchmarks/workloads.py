"""The models that run.py trains, in Keras's words, in PyTorch's, and in scikit-learn's.

For a workload NAME there are functions `NAME_data`, and `NAME_keras`, `NAME_torch`, `NAME_sklearn`
for the peers that can do it. `NAME_keras` makes the model for minikeras and for Keras alike: the
module is handed over.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np


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


def token_data(rows: int, length: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Random words of a large vocabulary; the first one tells the class."""
    x = np.random.default_rng(0).integers(1, 20_000, (rows, length))
    return x.astype("int32"), (x[:, 0] % classes).astype("int32")


def lstm_data() -> tuple[np.ndarray, np.ndarray]:
    return token_data(640, 80, 2)


def lstm_keras(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((80,), dtype="int32"),
            layers.Embedding(20_000, 128),
            layers.LSTM(128),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def lstm_torch(torch: Any) -> tuple:
    nn = torch.nn

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(20_000, 128)
            self.lstm = nn.LSTM(128, 128, batch_first=True)
            self.dense = nn.Linear(128, 1)

        def forward(self, tokens: Any) -> Any:
            _, (last, _) = self.lstm(self.embedding(tokens))
            return self.dense(last[0])[:, 0]

    model = Model()
    return model, nn.BCEWithLogitsLoss(), torch.optim.Adam(model.parameters(), 0.001)


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


def workload(name: str, what: str, batch: int, epochs: int) -> dict[str, Any]:
    """Gather the functions called `name_data`, `name_keras`, ... above."""
    parts = {k: globals().get(f"{name}_{k}") for k in ("data", "keras", "torch", "sklearn")}
    return {"what": what, "batch": batch, "epochs": epochs} | {k: f for k, f in parts.items() if f}


WORKLOADS: dict[str, dict[str, Any]] = {
    name: workload(name, *rest)
    for name, *rest in (
        ("moons", "2-4-2-1, tanh, sigmoid, Adam, batch 32", 32, 31),
        ("mlp", "784-512-512-10, relu, Dropout 0.2, RMSprop, batch 128", 128, 10),
        ("convnet", "28x28x1, Conv 32 and 64, pools, Dropout 0.5, Dense, Adam, batch 128", 128, 5),
        ("vgg", "32x32x3, 2 x (Conv, BN, relu) at 32, 64, 128, pools, Adam, batch 64", 64, 4),
        ("resnet", "ResNet-20 on 32x32x3, SGD with momentum, batch 64", 64, 4),
        ("lstm", "80 tokens, Embedding 20000x128, LSTM 128, Dense, Adam, batch 32", 32, 5),
        ("transformer", "200 tokens, Embedding 20000x32, attention 2x32, Adam, batch 32", 32, 5),
        ("autoencoder", "28x28x1, 2 Conv, 2 ConvTranspose, Conv, Adam, batch 128", 128, 5),
    )
}
