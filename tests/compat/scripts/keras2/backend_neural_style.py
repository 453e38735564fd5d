"""Neural style transfer with SciPy's L-BFGS, on images of 16 by 16 pixels."""

import numpy as np
from keras import backend as K
from keras.layers import AveragePooling2D, Conv2D
from scipy.optimize import fmin_l_bfgs_b

np.random.seed(3)
img_nrows = img_ncols = 16
total_variation_weight, style_weight, content_weight = 1e-2, 1.0, 0.1

grid = np.linspace(0, 3 * np.pi, 16)
base = np.stack([np.sin(grid)[:, None] + np.cos(grid)] * 3, axis=-1)[None]
style = np.stack([np.sign(np.sin(grid[:, None] + k * grid)) for k in range(3)], axis=-1)[None]

base_image = K.variable(base)
style_reference_image = K.variable(style)
if K.image_data_format() == "channels_first":
    combination_image = K.placeholder((1, 3, img_nrows, img_ncols))
else:
    combination_image = K.placeholder((1, img_nrows, img_ncols, 3))

input_tensor = K.concatenate([base_image, style_reference_image, combination_image], axis=0)

x = Conv2D(8, (3, 3), padding="same", activation="relu", name="conv1")(input_tensor)
outputs_dict = {"conv1": x}
x = AveragePooling2D((2, 2))(x)
x = Conv2D(12, (3, 3), padding="same", activation="relu", name="conv2")(x)
outputs_dict["conv2"] = x


def gram_matrix(x):
    assert K.ndim(x) == 3
    features = K.batch_flatten(K.permute_dimensions(x, (2, 0, 1)))
    return K.dot(features, K.transpose(features))


def style_loss(style, combination):
    assert K.ndim(style) == 3
    S = gram_matrix(style)
    C = gram_matrix(combination)
    size = img_nrows * img_ncols
    return K.sum(K.square(S - C)) / (4.0 * (3**2) * (size**2))


def content_loss(base, combination):
    return K.sum(K.square(combination - base))


def total_variation_loss(x):
    assert K.ndim(x) == 4
    a = K.square(x[:, : img_nrows - 1, : img_ncols - 1, :] - x[:, 1:, : img_ncols - 1, :])
    b = K.square(x[:, : img_nrows - 1, : img_ncols - 1, :] - x[:, : img_nrows - 1, 1:, :])
    return K.sum(K.pow(a + b + 1e-6, 1.25))


loss = K.variable(0.0)
layer_features = outputs_dict["conv2"]
loss = loss + content_weight * content_loss(layer_features[0, :, :, :], layer_features[2, :, :, :])
for layer_name in ["conv1", "conv2"]:
    layer_features = outputs_dict[layer_name]
    sl = style_loss(layer_features[1, :, :, :], layer_features[2, :, :, :])
    loss = loss + (style_weight / 2) * sl
loss = loss + total_variation_weight * total_variation_loss(combination_image)

grads = K.gradients(loss, combination_image)
outputs = [loss]
if isinstance(grads, (list, tuple)):
    outputs += grads
else:
    outputs.append(grads)
f_outputs = K.function([combination_image], outputs)


def eval_loss_and_grads(x):
    x = x.reshape((1, img_nrows, img_ncols, 3))
    outs = f_outputs([x])
    loss_value = outs[0]
    if len(outs[1:]) == 1:
        grad_values = outs[1].flatten().astype("float64")
    else:
        grad_values = np.array(outs[1:]).flatten().astype("float64")
    return loss_value, grad_values


class Evaluator:
    def __init__(self):
        self.loss_value = None
        self.grads_values = None

    def loss(self, x):
        assert self.loss_value is None
        loss_value, grad_values = eval_loss_and_grads(x)
        self.loss_value = loss_value
        self.grad_values = grad_values
        return self.loss_value

    def grads(self, x):
        assert self.loss_value is not None
        grad_values = np.copy(self.grad_values)
        self.loss_value = None
        self.grad_values = None
        return grad_values


evaluator = Evaluator()
x = base.copy()
first, _ = eval_loss_and_grads(x)
for _ in range(3):
    x, min_val, info = fmin_l_bfgs_b(evaluator.loss, x.flatten(), fprime=evaluator.grads, maxfun=20)
    print("Current loss value:", min_val)
print(first, min_val)
assert min_val < 0.35 * first
