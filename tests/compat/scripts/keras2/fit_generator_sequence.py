"""fit_generator with a Sequence and class weights, as blog posts of 2018 had it."""

import numpy

numpy.random.seed(1337)  # for reproducibility

import keras
import numpy as np
from keras.layers import Activation, BatchNormalization, Conv2D, Dense, Flatten, MaxPooling2D
from keras.models import Sequential


class DataGenerator(keras.utils.Sequence):
    "Generates data for Keras"

    def __init__(
        self, list_IDs, labels, batch_size=32, dim=(8, 8), n_channels=1, n_classes=3, shuffle=True
    ):
        "Initialization"
        self.dim = dim
        self.batch_size = batch_size
        self.labels = labels
        self.list_IDs = list_IDs
        self.n_channels = n_channels
        self.n_classes = n_classes
        self.shuffle = shuffle
        self.epochs = 0
        self.on_epoch_end()

    def __len__(self):
        "Denotes the number of batches per epoch"
        return int(np.floor(len(self.list_IDs) / self.batch_size))

    def __getitem__(self, index):
        "Generate one batch of data"
        indexes = self.indexes[index * self.batch_size : (index + 1) * self.batch_size]
        list_IDs_temp = [self.list_IDs[k] for k in indexes]
        return self.__data_generation(list_IDs_temp)

    def on_epoch_end(self):
        "Updates indexes after each epoch"
        self.epochs += 1
        self.indexes = np.arange(len(self.list_IDs))
        if self.shuffle == True:  # noqa: E712
            np.random.shuffle(self.indexes)

    def __data_generation(self, list_IDs_temp):
        "Generates data containing batch_size samples"
        X = np.empty((self.batch_size, *self.dim, self.n_channels))
        y = np.empty((self.batch_size), dtype=int)
        for i, ID in enumerate(list_IDs_temp):
            X[i,] = data[ID]
            y[i] = self.labels[ID]
        return X, keras.utils.to_categorical(y, num_classes=self.n_classes)


rng = np.random.RandomState(0)
labels = {f"id-{i}": i % 3 for i in range(320)}
data = {}
for ID, label in labels.items():
    data[ID] = rng.rand(8, 8, 1)
    data[ID][:, 3 * label - label // 2 : 3 * label + 2] += 0.6
IDs = list(labels)

params = {"dim": (8, 8), "batch_size": 32, "n_classes": 3, "n_channels": 1, "shuffle": True}
training_generator = DataGenerator(IDs[:256], labels, **params)
validation_generator = DataGenerator(IDs[256:], labels, **params)

model = Sequential()
model.add(Conv2D(8, (3, 3), padding="same", input_shape=(8, 8, 1)))
model.add(BatchNormalization())
model.add(Activation("relu"))
model.add(MaxPooling2D((2, 2)))
model.add(Flatten())
model.add(Dense(3))
model.add(Activation("softmax"))
model.compile("adam", "categorical_crossentropy", ["accuracy"])
model.optimizer.lr = 0.01

history = model.fit_generator(
    generator=training_generator,
    validation_data=validation_generator,
    class_weight={0: 1.0, 1: 1.5, 2: 1.0},
    use_multiprocessing=False,
    workers=3,
    max_queue_size=4,
    epochs=6,
    verbose=0,
)
assert training_generator.epochs == 7
score = model.evaluate_generator(validation_generator, steps=2)
predicted = model.predict_generator(DataGenerator(IDs[256:], labels, shuffle=False))
print(history.history["val_acc"], score, predicted.shape)
assert predicted.shape == (64, 3)
assert history.history["val_acc"][-1] > 0.9 and score[1] > 0.9


def batches():
    while True:
        chosen = rng.choice(IDs, size=16)
        yield (
            np.array([data[i] for i in chosen]),
            keras.utils.to_categorical([labels[i] for i in chosen], 3),
        )


steps = model.fit_generator(batches(), steps_per_epoch=len(IDs) / 32, epochs=2, verbose=0)
assert len(steps.history["acc"]) == 2
