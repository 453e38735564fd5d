"""A small U-Net with a dice loss, in the manner of the segmentation kernels of 2017 and 2018."""

import numpy

numpy.random.seed(1337)  # for reproducibility

import numpy as np
from keras import backend as K
from keras.layers import Conv2D, Conv2DTranspose, Dropout, Input, MaxPooling2D, concatenate
from keras.models import Model, load_model
from keras.optimizers import Adam

rng = np.random.RandomState(42)
size = 16
X = rng.rand(96, size, size, 1) * 0.5
Y = np.zeros((96, size, size, 1))
for image, mask in zip(X, Y):
    r, c = rng.randint(2, size - 6, size=2)
    mask[r : r + 4, c : c + 5] = 1
    image += 0.5 * mask

smooth = 1.0


def dice_coef(y_true, y_pred):
    y_true_f = K.flatten(y_true)
    y_pred_f = K.flatten(y_pred)
    intersection = K.sum(y_true_f * y_pred_f)
    return (2.0 * intersection + smooth) / (K.sum(y_true_f) + K.sum(y_pred_f) + smooth)


def dice_coef_loss(y_true, y_pred):
    return -dice_coef(y_true, y_pred)


inputs = Input((size, size, 1))
c1 = Conv2D(8, (3, 3), activation="elu", kernel_initializer="he_normal", padding="same")(inputs)
c1 = Dropout(0.1)(c1)
c1 = Conv2D(8, (3, 3), activation="elu", kernel_initializer="he_normal", padding="same")(c1)
p1 = MaxPooling2D((2, 2))(c1)
c2 = Conv2D(16, (3, 3), activation="elu", kernel_initializer="he_normal", padding="same")(p1)
p2 = MaxPooling2D(pool_size=(2, 2))(c2)
c3 = Conv2D(16, (3, 3), activation="elu", kernel_initializer="he_normal", padding="same")(p2)
u4 = Conv2DTranspose(16, (2, 2), strides=(2, 2), padding="same")(c3)
u4 = concatenate([u4, c2])
c4 = Conv2D(16, (3, 3), activation="elu", kernel_initializer="he_normal", padding="same")(u4)
u5 = Conv2DTranspose(8, (2, 2), strides=(2, 2), padding="same")(c4)
u5 = concatenate([u5, c1], axis=3)
c5 = Conv2D(8, (3, 3), activation="elu", kernel_initializer="he_normal", padding="same")(u5)
outputs = Conv2D(1, (1, 1), activation="sigmoid")(c5)

model = Model(inputs=[inputs], outputs=[outputs])
model.compile(optimizer=Adam(lr=1e-2), loss=dice_coef_loss, metrics=[dice_coef])
model.summary()
results = model.fit(X, Y, validation_split=0.1, batch_size=8, epochs=6, verbose=2)
print(results.history["dice_coef"])
assert results.history["dice_coef"][-1] > 0.8
assert results.history["val_dice_coef"][-1] > 0.8

model.save("unet.h5")
custom = {"dice_coef": dice_coef, "dice_coef_loss": dice_coef_loss}
again = load_model("unet.h5", custom_objects=custom)
assert np.allclose(again.predict(X[:4]), model.predict(X[:4]), atol=1e-5)
