# Note 5: make_moons. Of 60 trainings with a network as small, 5 end beside the minimum: hence a seed.
from keras.layers import Dense, Dropout
from keras.models import Sequential
from keras.optimizers import SGD, Adadelta, Adagrad, Adam, Nadam, RMSprop
from keras.utils import set_random_seed
from minikeras.visualization import plot_loss_accuracy
from sklearn.datasets import load_digits, make_moons

set_random_seed(0)

#: lines 8 to 19
X, y = make_moons(n_samples=1000, noise=0.05, random_state=0)

model = Sequential()
model.add(Dense(4, input_shape=(2,), activation='tanh'))
model.add(Dense(2, activation='tanh'))
model.add(Dense(1, activation='sigmoid'))

model.compile(Adam(lr=0.01), 'binary_crossentropy', metrics=['accuracy'])

history = model.fit(X, y, verbose=0, epochs=100)

plot_loss_accuracy(history)

assert history.history['accuracy'][-1] > 0.95
assert history.history['acc'] == history.history['accuracy']

#: lines 45 to 50
opt_dict = {'nadam':Nadam,
            'adam':Adam,
            'sgd':SGD,
            'rmsprop':RMSprop,
            'adadelta':Adadelta,
            'adagrad':Adagrad}

digits = load_digits()
image_vector_size, num_classes = 64, 10


#: lines 66 to 74
def build_dropout_model():
  model = Sequential()
  # The input layer requires the special input_shape parameter which should match
  # the shape of our training data.
  model.add(Dense(units=32, activation='sigmoid', input_shape=(image_vector_size,)))
  model.add(Dropout(0.2))
  model.add(Dense(units=num_classes, activation='softmax'))
  return model


for name, optimizer in opt_dict.items():
    model = build_dropout_model()
    model.compile(optimizer(lr=0.01), 'sparse_categorical_crossentropy', metrics=['accuracy'])
    #: lines 60 to 62: batch_size=128, validation_split=0.1
    history = model.fit(
        digits.data / 16, digits.target, verbose=0, epochs=5, batch_size=128, validation_split=0.1
    )
    assert history.history['val_loss'][-1] < 3, name
