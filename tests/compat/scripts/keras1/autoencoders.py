'''The autoencoder series of the Keras blog (May 2016): a dense one with a sparse code, a deep one, a convolutional
one, and one that takes noise away.'''
import numpy as np
np.random.seed(0)
from sklearn.datasets import load_digits
from keras.layers import Input, Dense, Convolution2D, MaxPooling2D, UpSampling2D
from keras.models import Model
from keras import regularizers

x_train = load_digits().data.astype('float32')[:1000] / 16.

# dense, with a penalty on the code
encoding_dim = 16
input_img = Input(shape=(64,))
encoded = Dense(encoding_dim, activation='relu',
                activity_regularizer=regularizers.activity_l1(1e-5))(input_img)
decoded = Dense(64, activation='sigmoid')(encoded)
autoencoder = Model(input=input_img, output=decoded)
encoder = Model(input=input_img, output=encoded)
encoded_input = Input(shape=(encoding_dim,))
decoder_layer = autoencoder.layers[-1]
decoder = Model(input=encoded_input, output=decoder_layer(encoded_input))

autoencoder.compile(optimizer='adadelta', loss='binary_crossentropy')
history = autoencoder.fit(x_train, x_train, nb_epoch=30, batch_size=64, shuffle=True, verbose=0)
decoded_imgs = decoder.predict(encoder.predict(x_train))
print('dense', history.history['loss'][-1])
assert history.history['loss'][-1] < 0.75 * history.history['loss'][0]
np.testing.assert_allclose(decoded_imgs, autoencoder.predict(x_train), atol=1e-5)

# deep
encoded = Dense(32, activation='relu')(input_img)
encoded = Dense(16, activation='relu')(encoded)
decoded = Dense(32, activation='relu')(encoded)
decoded = Dense(64, activation='sigmoid')(decoded)
deep = Model(input=input_img, output=decoded)
deep.compile(optimizer='adadelta', loss='binary_crossentropy')
losses = deep.fit(x_train, x_train, nb_epoch=20, batch_size=64, verbose=0).history['loss']
print('deep', losses[-1])
assert losses[-1] < 0.8 * losses[0]

# convolutional, which takes noise away; channels last
x = x_train.reshape(-1, 8, 8, 1)
x_noisy = np.clip(x + 0.3 * np.random.normal(size=x.shape), 0., 1.)
input_img = Input(shape=(8, 8, 1))
h = Convolution2D(8, 3, 3, activation='relu', border_mode='same')(input_img)
h = MaxPooling2D((2, 2), border_mode='same')(h)
encoded = Convolution2D(8, 3, 3, activation='relu', border_mode='same')(h)
h = UpSampling2D((2, 2))(encoded)
decoded = Convolution2D(1, 3, 3, activation='sigmoid', border_mode='same')(h)
denoiser = Model(input_img, decoded)
denoiser.compile(optimizer='adadelta', loss='binary_crossentropy')
losses = denoiser.fit(x_noisy, x, nb_epoch=8, batch_size=64, verbose=0,
                      validation_data=(x_noisy, x)).history['val_loss']
print('convolutional', losses[-1])
assert denoiser.output_shape == (None, 8, 8, 1)
assert losses[-1] < 0.85 * losses[0]
