"""Residual blocks, in the manner of Keras 2's cifar10_resnet.py."""

from __future__ import print_function

import numpy

numpy.random.seed(1337)  # for reproducibility

import keras
import numpy as np
from keras.callbacks import LearningRateScheduler, ModelCheckpoint, ReduceLROnPlateau
from keras.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Flatten,
    Input,
)
from keras.models import Model
from keras.optimizers import Adam
from keras.regularizers import l2

batch_size = 32
epochs = 6
num_classes = 3
subtract_pixel_mean = True
rng = np.random.RandomState(0)

y = rng.randint(num_classes, size=288)
x = rng.rand(288, 16, 16, 3) * 0.6
for image, label in zip(x, y):
    image[..., label] += 0.5 * np.sin(np.arange(16) * (label + 1))[:, None]
x_train, y_train, x_test, y_test = x[:224], y[:224], x[224:], y[224:]
input_shape = x_train.shape[1:]
if subtract_pixel_mean:
    x_train_mean = np.mean(x_train, axis=0)
    x_train -= x_train_mean
    x_test -= x_train_mean
y_train = keras.utils.to_categorical(y_train, num_classes)
y_test = keras.utils.to_categorical(y_test, num_classes)


def lr_schedule(epoch):
    lr = 1e-2
    if epoch > 3:
        lr *= 0.5
    return lr


def resnet_layer(
    inputs, num_filters=8, kernel_size=3, strides=1, activation="relu", batch_normalization=True
):
    conv = Conv2D(
        num_filters,
        kernel_size=kernel_size,
        strides=strides,
        padding="same",
        kernel_initializer="he_normal",
        kernel_regularizer=l2(1e-4),
    )
    x = conv(inputs)
    if batch_normalization:
        x = BatchNormalization()(x)
    if activation is not None:
        x = Activation(activation)(x)
    return x


def resnet_v1(input_shape, num_classes=10):
    num_filters = 8
    inputs = Input(shape=input_shape)
    x = resnet_layer(inputs=inputs)
    for stack in range(2):
        strides = 1 if stack == 0 else 2
        y = resnet_layer(inputs=x, num_filters=num_filters, strides=strides)
        y = resnet_layer(inputs=y, num_filters=num_filters, activation=None)
        if stack > 0:
            x = resnet_layer(
                inputs=x,
                num_filters=num_filters,
                kernel_size=1,
                strides=strides,
                activation=None,
                batch_normalization=False,
            )
        x = keras.layers.add([x, y])
        x = Activation("relu")(x)
        num_filters *= 2
    x = AveragePooling2D(pool_size=8)(x)
    y = Flatten()(x)
    outputs = Dense(num_classes, activation="softmax", kernel_initializer="he_normal")(y)
    return Model(inputs=inputs, outputs=outputs)


model = resnet_v1(input_shape=input_shape, num_classes=num_classes)
model.compile(
    loss="categorical_crossentropy", optimizer=Adam(lr=lr_schedule(0)), metrics=["accuracy"]
)
checkpoint = ModelCheckpoint(
    "resnet.{epoch:03d}.h5", monitor="val_acc", verbose=1, save_best_only=True
)
lr_scheduler = LearningRateScheduler(lr_schedule)
lr_reducer = ReduceLROnPlateau(factor=np.sqrt(0.1), cooldown=0, patience=5, min_lr=0.5e-6)
history = model.fit(
    x_train,
    y_train,
    batch_size=batch_size,
    epochs=epochs,
    validation_data=(x_test, y_test),
    shuffle=True,
    callbacks=[checkpoint, lr_reducer, lr_scheduler],
    verbose=2,
)
scores = model.evaluate(x_train, y_train, verbose=0)
print("accuracy:", history.history["acc"], scores[1])
assert history.history["acc"][-1] > 0.9
assert history.history["lr"][0] == np.float32(1e-2) and history.history["lr"][-1] == np.float32(
    5e-3
)
