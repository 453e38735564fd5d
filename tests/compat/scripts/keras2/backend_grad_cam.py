"""Grad-CAM: which part of an image a convnet looked at."""

import numpy

numpy.random.seed(1337)  # for reproducibility

import numpy as np
from keras import backend as K
from keras.layers import Activation, Conv2D, Dense, GlobalAveragePooling2D, MaxPooling2D
from keras.models import Sequential
from keras.optimizers import Adam

rng = np.random.RandomState(0)


def make_images(n):
    """Images with noise, and a ring (class 0) or a cross (class 1) somewhere."""
    ring, cross = np.zeros((5, 5)), np.zeros((5, 5))
    ring[[0, -1], :] = ring[:, [0, -1]] = 1
    cross[2, :] = cross[:, 2] = 1
    images = rng.normal(0, 0.1, (n, 20, 20, 1))
    labels = rng.randint(0, 2, n)
    places = rng.randint(0, 15, (n, 2))
    for image, label, (i, j) in zip(images, labels, places):
        image[i : i + 5, j : j + 5, 0] += cross if label else ring
    return images.astype("float32"), labels, places


x_train, y_train, _ = make_images(600)
model = Sequential()
model.add(Conv2D(8, (3, 3), activation="relu", input_shape=(20, 20, 1)))
model.add(Conv2D(16, (3, 3), padding="same", name="last_conv"))
model.add(Activation("relu"))
model.add(MaxPooling2D((2, 2)))
model.add(GlobalAveragePooling2D())
model.add(Dense(2, activation="softmax", name="predictions"))
model.compile(optimizer=Adam(lr=0.01), loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, np.eye(2)[y_train], epochs=12, batch_size=32, verbose=0)


def grad_cam(input_model, image, cls, layer_name):
    y_c = input_model.output[0, cls]
    conv_output = input_model.get_layer(layer_name).output
    grads = K.gradients(y_c, conv_output)[0]
    gradient_function = K.function([input_model.input], [conv_output, grads])
    output, grads_val = gradient_function([image])
    output, grads_val = output[0, :], grads_val[0, :, :, :]
    weights = np.mean(grads_val, axis=(0, 1))
    cam = np.dot(output, weights)
    cam = np.maximum(cam, 0)
    return cam / cam.max()


x_test, y_test, places = make_images(20)
predictions = model.predict(x_test).argmax(axis=1)
print("accuracy", np.mean(predictions == y_test))
assert np.mean(predictions == y_test) > 0.9

hits = []
for image, cls, (i, j) in zip(x_test, predictions, places):
    cam = grad_cam(model, image[None], cls, "last_conv")
    assert cam.shape == (18, 18)
    row, column = np.unravel_index(cam.argmax(), cam.shape)
    hits.append(i - 3 <= row <= i + 5 and j - 3 <= column <= j + 5)
print("found", np.mean(hits))
assert np.mean(hits) > 0.7
