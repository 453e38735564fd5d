"""What filters of a convnet look for: images that they answer to most, by gradient ascent."""

import numpy as np
from keras import backend as K
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D
from keras.models import Sequential
from keras.utils import to_categorical
from sklearn.datasets import load_digits

np.random.seed(1)
digits = load_digits()
x = digits.images[..., None].astype("float32") / 16
model = Sequential()
model.add(Conv2D(8, (3, 3), activation="relu", name="conv_1", input_shape=(8, 8, 1)))
model.add(Conv2D(8, (3, 3), activation="relu", name="conv_2"))
model.add(MaxPooling2D((2, 2)))
model.add(Flatten())
model.add(Dense(10, activation="softmax", name="predictions"))
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.fit(x, to_categorical(digits.target, 10), epochs=8, batch_size=32, verbose=0)

input_img = model.input
layer_dict = {layer.name: layer for layer in model.layers}


def normalize(x):
    return x / (K.sqrt(K.mean(K.square(x))) + K.epsilon())


def deprocess_image(x):
    x = x - x.mean()
    x /= x.std() + 1e-5
    x = np.clip(x * 0.1 + 0.5, 0, 1)
    return (x * 255).astype("uint8")


kept_filters = []
for filter_index in range(8):
    layer_output = layer_dict["conv_2"].output
    if K.image_data_format() == "channels_first":
        loss = K.mean(layer_output[:, filter_index, :, :])
    else:
        loss = K.mean(layer_output[:, :, :, filter_index])
    grads = normalize(K.gradients(loss, input_img)[0])
    iterate = K.function([input_img], [loss, grads])
    input_img_data = np.random.random((1, 8, 8, 1)) * 0.2 + 0.4
    first = iterate([input_img_data])[0]
    for _ in range(20):
        loss_value, grads_value = iterate([input_img_data])
        input_img_data += grads_value * 0.1
        if loss_value <= 0.0:
            break  # the filter is stuck
    if loss_value > 0:
        assert loss_value > first
        kept_filters.append((deprocess_image(input_img_data[0]), loss_value))
kept_filters.sort(key=lambda x: x[1], reverse=True)
print([round(float(value), 2) for _, value in kept_filters])
assert len(kept_filters) >= 4
assert kept_filters[0][0].shape == (8, 8, 1)

# A class in place of a filter.
loss = K.mean(model.output[:, 3])
iterate = K.function([input_img], [loss, normalize(K.gradients(loss, input_img)[0])])
img = np.random.random((1, 8, 8, 1)) * 0.2 + 0.4
for _ in range(40):
    probability, grads_value = iterate([img])
    img += grads_value * 0.1
print(probability)
assert probability > 0.95
