"""Building powerful image classification models using very little data (Keras blog, 2016, for Keras 2)."""

import os
import tempfile

import numpy as np

from keras import backend as K
from keras.layers import Activation, Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from keras.models import Sequential
from keras.preprocessing.image import (
    ImageDataGenerator,
    array_to_img,
    img_to_array,
    load_img,
    save_img,
)

img_width, img_height = 20, 20
folder = tempfile.TemporaryDirectory()
train_data_dir = os.path.join(folder.name, "train")
validation_data_dir = os.path.join(folder.name, "validation")
nb_train_samples = 96
nb_validation_samples = 32
epochs = 6
batch_size = 16

# Cats are round and red, dogs are square and blue.
np.random.seed(0)
rows, columns = np.mgrid[:30, :30]
for place, count in (
    (train_data_dir, nb_train_samples),
    (validation_data_dir, nb_validation_samples),
):
    for name in ("cats", "dogs"):
        os.makedirs(os.path.join(place, name))
        for i in range(count // 2):
            y, x = np.random.uniform(11, 19, 2)
            size = np.random.uniform(7, 10)
            ring = np.hypot(rows - y, columns - x)
            square = np.maximum(abs(rows - y), abs(columns - x))
            inside = abs((ring if name == "cats" else square) - size) < 1.5
            color = [180, 90, 30] if name == "cats" else [30, 90, 180]
            picture = np.random.uniform(0, 60, (30, 30, 3)) + inside[..., None] * color
            save_img(os.path.join(place, name, "%s.%d.png" % (name[:-1], i)), picture, scale=False)

# How the augmented pictures look.
datagen = ImageDataGenerator(
    rotation_range=40,
    width_shift_range=0.2,
    height_shift_range=0.2,
    shear_range=0.2,
    zoom_range=0.2,
    horizontal_flip=True,
    fill_mode="nearest",
)
img = load_img(os.path.join(train_data_dir, "cats", "cat.0.png"))
x = img_to_array(img)
x = x.reshape((1,) + x.shape)
preview = os.path.join(folder.name, "preview")
os.mkdir(preview)
i = 0
for batch in datagen.flow(
    x, batch_size=1, save_to_dir=preview, save_prefix="cat", save_format="jpeg"
):
    i += 1
    if i > 20:
        break
assert len(os.listdir(preview)) > 15
array_to_img(batch[0]).resize((60, 60))

if K.image_data_format() == "channels_first":
    input_shape = (3, img_width, img_height)
else:
    input_shape = (img_width, img_height, 3)

model = Sequential()
model.add(Conv2D(8, (3, 3), input_shape=input_shape))
model.add(Activation("relu"))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Conv2D(16, (3, 3)))
model.add(Activation("relu"))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Flatten())
model.add(Dense(32))
model.add(Activation("relu"))
model.add(Dropout(0.2))
model.add(Dense(1))
model.add(Activation("sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="rmsprop", metrics=["accuracy"])

train_datagen = ImageDataGenerator(
    rescale=1.0 / 255, shear_range=0.2, zoom_range=0.1, horizontal_flip=True
)
test_datagen = ImageDataGenerator(rescale=1.0 / 255)

train_generator = train_datagen.flow_from_directory(
    train_data_dir,
    target_size=(img_width, img_height),
    interpolation="bilinear",
    batch_size=batch_size,
    class_mode="binary",
)
validation_generator = test_datagen.flow_from_directory(
    validation_data_dir,
    target_size=(img_width, img_height),
    interpolation="bilinear",
    batch_size=batch_size,
    class_mode="binary",
)
print(train_generator.class_indices)

history = model.fit_generator(
    train_generator,
    steps_per_epoch=nb_train_samples // batch_size,
    epochs=epochs,
    validation_data=validation_generator,
    validation_steps=nb_validation_samples // batch_size,
    verbose=2,
)
model.save_weights(os.path.join(folder.name, "first_try.h5"))

# Features of a frozen bottom, as in the second part of the post.
generator = test_datagen.flow_from_directory(
    train_data_dir,
    target_size=(img_width, img_height),
    batch_size=batch_size,
    class_mode=None,
    shuffle=False,
)
outputs = model.predict_generator(generator, len(generator))
assert outputs.shape == (nb_train_samples, 1)
accuracy = np.mean((outputs[:, 0] > 0.5) == generator.classes)
print("accuracy", accuracy, history.history["val_acc"])
assert max(history.history["val_acc"]) > 0.8
