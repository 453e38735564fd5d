"""Deep dream on a small convnet: gradient ascent on an image, in octaves."""

import numpy as np
from keras import backend as K
from keras.layers import Conv2D, Input, MaxPooling2D
from keras.models import Model

np.random.seed(0)
settings = {"features": {"block1": 0.5, "block2": 1.5}}

K.set_learning_phase(0)

inputs = Input(shape=(None, None, 3))
x = Conv2D(6, (3, 3), activation="relu", padding="same", name="block1")(inputs)
x = MaxPooling2D((2, 2))(x)
x = Conv2D(8, (3, 3), activation="relu", padding="same", name="block2")(x)
model = Model(inputs, x)
dream = model.input

layer_dict = {layer.name: layer for layer in model.layers}

loss = K.variable(0.0)
for layer_name in settings["features"]:
    assert layer_name in layer_dict
    coeff = settings["features"][layer_name]
    x = layer_dict[layer_name].output
    scaling = K.prod(K.cast(K.shape(x), "float32"))
    if K.image_data_format() == "channels_first":
        loss = loss + coeff * K.sum(K.square(x[:, :, 2:-2, 2:-2])) / scaling
    else:
        loss = loss + coeff * K.sum(K.square(x[:, 2:-2, 2:-2, :])) / scaling

grads = K.gradients(loss, dream)[0]
grads /= K.maximum(K.mean(K.abs(grads)), K.epsilon())

outputs = [loss, grads]
fetch_loss_and_grads = K.function([dream], outputs)


def eval_loss_and_grads(x):
    outs = fetch_loss_and_grads([x])
    loss_value = outs[0]
    grad_values = outs[1]
    return loss_value, grad_values


def gradient_ascent(x, iterations, step, max_loss=None):
    for i in range(iterations):
        loss_value, grad_values = eval_loss_and_grads(x)
        if max_loss is not None and loss_value > max_loss:
            break
        print("..Loss value at", i, ":", loss_value)
        x += step * grad_values
    return x


def zoom(img, size):
    rows = np.arange(size) * img.shape[1] // size
    return img[:, rows][:, :, rows]


image = np.random.uniform(-0.1, 0.1, (1, 32, 32, 3))
first, _ = eval_loss_and_grads(image)
img = zoom(image, 16)
for size in (16, 24, 32):
    img = zoom(img, size)
    img = gradient_ascent(img, iterations=8, step=0.05, max_loss=50.0)
last, grad_values = eval_loss_and_grads(img)
print(first, last)
assert img.shape == (1, 32, 32, 3)
assert last > 20 * first
assert abs(np.abs(grad_values).mean() - 1) < 1e-3
