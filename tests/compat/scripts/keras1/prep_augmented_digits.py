"""Real-time data augmentation and scikit-learn with Keras 1, Theano's order of axes."""

from __future__ import print_function
import numpy as np

np.random.seed(1337)  # for reproducibility

from keras import backend as K

K.set_image_dim_ordering("th")
from keras.models import Sequential
from keras.layers.core import Dense, Dropout, Activation, Flatten
from keras.layers.convolutional import Convolution2D, MaxPooling2D
from keras.optimizers import SGD
from keras.preprocessing.image import ImageDataGenerator
from keras.preprocessing.sequence import pad_sequences
from keras.preprocessing.text import Tokenizer
from keras.utils import np_utils
from keras.wrappers.scikit_learn import KerasClassifier
from sklearn.model_selection import cross_val_score

nb_classes = 3
nb_epoch = 6
batch_size = 32


def images_of_bars(n):
    y = np.random.randint(nb_classes, size=(n, 1))
    X = np.random.randint(0, 60, size=(n, 1, 14, 14)).astype("uint8")
    for image, (label,) in zip(X, y):
        at = np.random.randint(2, 8)
        if label != 1:
            image[0, at : at + 3] += 120
        if label != 0:
            image[0, :, at : at + 3] += 60
    return X, y


(X_train, y_train), (X_test, y_test) = images_of_bars(320), images_of_bars(96)
Y_train = np_utils.to_categorical(y_train, nb_classes)
Y_test = np_utils.to_categorical(y_test, nb_classes)

model = Sequential()
model.add(Convolution2D(8, 3, 3, border_mode="same", input_shape=(1, 14, 14)))
model.add(Activation("relu"))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Dropout(0.1))
model.add(Flatten())
model.add(Dense(32))
model.add(Activation("relu"))
model.add(Dense(nb_classes))
model.add(Activation("softmax"))
sgd = SGD(lr=0.02, decay=1e-6, momentum=0.9, nesterov=True)
model.compile(loss="categorical_crossentropy", optimizer=sgd, metrics=["accuracy"])

X_train = X_train.astype("float32")
X_test = X_test.astype("float32")
X_train /= 255
X_test /= 255

datagen = ImageDataGenerator(
    featurewise_center=True,  # set input mean to 0 over the dataset
    featurewise_std_normalization=True,  # divide inputs by std of the dataset
    zca_whitening=False,
    rotation_range=0,
    width_shift_range=0.1,
    height_shift_range=0.1,
    horizontal_flip=True,
    vertical_flip=False,
    dim_ordering="th",
)
datagen.fit(X_train)

history = model.fit_generator(
    datagen.flow(X_train, Y_train, batch_size=batch_size),
    samples_per_epoch=X_train.shape[0],
    nb_epoch=nb_epoch,
    validation_data=datagen.flow(X_test, Y_test),
    nb_val_samples=X_test.shape[0],
    verbose=2,
)
print(history.history)
assert len(history.history["loss"]) == nb_epoch
assert history.history["val_acc"][-1] > 0.9

# By hand.
samples = 0
for X_batch, Y_batch in datagen.flow(X_train, Y_train, batch_size):
    loss = model.train_on_batch(X_batch, Y_batch)
    samples += len(X_batch)
    if samples >= X_train.shape[0]:
        break
score = model.evaluate_generator(datagen.flow(X_test, Y_test, batch_size=48), val_samples=96)
print("Test accuracy:", score[1])
assert score[1] > 0.9

# Words.
tokenizer = Tokenizer(nb_words=20)
tokenizer.fit_on_texts(["some texts", "some more texts"])
assert pad_sequences(tokenizer.texts_to_sequences(["more texts"]), maxlen=4).tolist() == [
    [0, 0, 3, 2]
]


def create_model(init="glorot_uniform"):
    model = Sequential()
    model.add(Dense(12, input_dim=4, init=init, activation="relu"))
    model.add(Dense(1, init=init, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


X = np.random.normal(size=(150, 4))
Y = (X.sum(axis=1) > 0).astype(int)
estimator = KerasClassifier(build_fn=create_model, nb_epoch=40, batch_size=10, verbose=0)
results = cross_val_score(estimator, X, Y, cv=3)
print(results.mean())
assert results.mean() > 0.85
