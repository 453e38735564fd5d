"""Code blocks of the notes that the project began with, by note and line of its first statement.

Where note 3 has `<tf session>` in angle brackets, a session stands here.
"""

SNIPPETS = {
    (1, 16): """
model.add(Dense(12, input_dim=8, init='uniform',activation='relu'))
""",
    (1, 27): """
hidden_layer = lambda: Dense(num_hidden_neurons, activation=cntk.ops.relu)
keras.layers.Lambda(function, output_shape=None,mask=None,arguments=None)
""",
    (1, 35): """
model.add(Dense(64,kernel_initializer='random_uniform',bias_initializer='zeros'))
""",
    (1, 65): """
unbound_model = Sequential([l1, l2])
""",
    (1, 71): """
loss = reduce_mean(square(model - q_target), axis=0)
""",
    (1, 78): """
learner = sgd(model.parameters,lr,gradient_clipping_threshold_per_sample=10)
""",
    (2, 21): """
numpy.random.seed(7)
""",
    (2, 39): """
model.add(Dense(12, input_dim=8, init='uniform',activation='relu'))
""",
    (2, 55): """
model.add(Dense(64,kernel_initializer='random_uniform',bias_initializer='zeros'))
""",
    (2, 61): """
keras.initializers.Initializer()
""",
    (2, 76): """
keras.initializers.Constant(value=0)
""",
    (2, 83): """
keras.initializers.RandomNormal(mean=0.0, stddev=0.05, seed=None)
""",
    (2, 112): """
model = Sequential()
model.add(Dense(12, input_dim=8, activation='relu'))
model.add(Dense(8, activation='relu'))
model.add(Dense(1, activation='sigmoid'))
""",
    (2, 122): """
unbound_model = Sequential([l1, l2])
""",
    (2, 138): """
hidden_layer = lambda: Dense(num_hidden_neurons, activation=cntk.ops.relu)
keras.layers.Lambda(function, output_shape=None,mask=None,arguments=None)
""",
    (2, 154): """
model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
""",
    (2, 162): """
loss = reduce_mean(square(model - q_target), axis=0)
""",
    (2, 174): """
learner = sgd(model.parameters,lr,gradient_clipping_threshold_per_sample=10)
""",
    (2, 188): """
model.fit(X, Y, epochs=150, batch_size=10)
""",
    (2, 202): """
scores = model.evaluate(X, Y)
""",
    (2, 217): """
predictions = model.predict(X)
""",
    (3, 57): """
# Multilayer Perceptron
from keras.utils import plot_model
from keras.models import Model
from keras.layers import Input
from keras.layers import Dense
visible = Input(shape=(10,))
hidden1 = Dense(10, activation='relu')(visible)
hidden2 = Dense(20, activation='relu')(hidden1)
hidden3 = Dense(10, activation='relu')(hidden2)
output = Dense(1, activation='sigmoid')(hidden3)
model = Model(inputs=visible, outputs=output)
# summarize layers
print(model.summary())
# plot graph
plot_model(model, to_file='multilayer_perceptron_graph.png')
""",
    (3, 86): """
from keras import backend as K
K.clear_session()
K.set_session(tf.Session())
""",
    (4, 21): """
import keras
import keras.backend as K
import keras.layers as KL
import keras.engine as KE
import keras.models as KM
#
## Core layers
KL.Dense
KL.Dropout
KL.Activation
KL.Flatten
#
## CNN Layers
KL.Conv2D
KL.MaxPooling2D
KL.BatchNormalization
KL.ZeroPadding2D
KL.Dense
KL.Conv2DTranspose
KL.UpSampling2D
##
KL.Lambda
KL.add
KL.Concatenate
KL.Reshape
KL.Input
KL.TimeDistributed
#
##
KE.Layer
#
##
KM.Model
#
##
K.squeeze
K.int_shape
K.abs
K.cast
K.less
K.equal
K.not_equal
K.sparse_categorical_crossentropy
K.binary_crossentropy
K.switch
K.mean
K.sum
K.reshape
K.learning_phase
K.function
K.shape
""",
    (5, 8): """
X, y = make_moons(n_samples=1000, noise=0.05, random_state=0)
model = Sequential()
model.add(Dense(4, input_shape=(2,), activation='tanh'))
model.add(Dense(2, activation='tanh'))
model.add(Dense(1, activation='sigmoid'))
model.compile(Adam(lr=0.01), 'binary_crossentropy', metrics=['accuracy'])
history = model.fit(X, y, verbose=0, epochs=100)
plot_loss_accuracy(history)
""",
    (5, 45): """
opt_dict = {'nadam':Nadam,
            'adam':Adam,
            'sgd':SGD,
            'rmsprop':RMSprop,
            'adadelta':Adadelta,
            'adagrad':Adagrad}
""",
    (5, 66): """
def build_dropout_model():
  model = Sequential()
  # The input layer requires the special input_shape parameter which should match
  # the shape of our training data.
  model.add(Dense(units=32, activation='sigmoid', input_shape=(image_vector_size,)))
  model.add(Dropout(0.2))
  model.add(Dense(units=num_classes, activation='softmax'))
  return model
""",
}
