'''fit_generator with samples_per_epoch, callbacks of 2016, and files written on the way.'''
import os
import tempfile
import numpy as np
np.random.seed(0)
from keras.callbacks import Callback, EarlyStopping, LearningRateScheduler, ModelCheckpoint
from keras.models import Sequential, load_model, model_from_json
from keras.layers import Dense, BatchNormalization, GaussianNoise
from keras.optimizers import SGD


class LossHistory(Callback):
    def on_train_begin(self, logs={}):
        self.losses = []

    def on_batch_end(self, batch, logs={}):
        self.losses.append(logs.get('loss'))


X = np.random.randn(320, 5).astype('float32')
y = (X[:, 0] > X[:, 1]).astype(int)


def batches(batch_size=32):
    while 1:
        for start in range(0, len(X), batch_size):
            yield X[start:start + batch_size], y[start:start + batch_size]


model = Sequential([Dense(16, input_dim=5, activation='relu'),
                    BatchNormalization(mode=0, axis=-1),
                    GaussianNoise(0.01),
                    Dense(2, activation='softmax')])
sgd = SGD(lr=0.1, decay=1e-4, momentum=0.9, nesterov=True)
model.compile(loss='sparse_categorical_crossentropy', optimizer=sgd, metrics=['accuracy'])

folder = tempfile.mkdtemp()
path = os.path.join(folder, 'weights.{epoch:02d}.hdf5')
losses = LossHistory()
history = model.fit_generator(
    batches(), samples_per_epoch=320, nb_epoch=12, verbose=0, nb_worker=1, max_q_size=4,
    callbacks=[losses,
               EarlyStopping(monitor='val_loss', patience=11, mode='auto'),
               LearningRateScheduler(lambda epoch: 0.1 if epoch < 6 else 0.02),
               ModelCheckpoint(path, monitor='val_acc', mode='max')],
    validation_data=batches(), nb_val_samples=64)
assert len(history.history['val_acc']) == 12
assert len(losses.losses) == 120

loss, acc = model.evaluate_generator(batches(), val_samples=320)
probabilities = model.predict_generator(batches(), val_samples=320)
print(loss, acc)
assert acc > 0.95
assert probabilities.shape == (320, 2)
np.testing.assert_allclose(probabilities, model.predict_proba(X, verbose=0), atol=1e-6)

# Save, load, go on.
weights = os.path.join(folder, 'weights.h5')
try:
    import h5py
except ImportError:
    h5py = None
if h5py:
    assert len(os.listdir(folder)) == 12
    model.save_weights(weights, overwrite=True)
    again = model_from_json(model.to_json())
    again.load_weights(weights)
    np.testing.assert_allclose(again.predict(X), model.predict(X), atol=1e-6)
    model.save(os.path.join(folder, 'model.h5'))
    loaded = load_model(os.path.join(folder, 'model.h5'))
    assert abs((loaded.predict_classes(X, verbose=0) == y).mean() - acc) < 1e-6
    loaded.fit(X, y, nb_epoch=1, batch_size=32, verbose=0)
