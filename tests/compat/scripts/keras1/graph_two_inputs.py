'''A Graph of Keras 0 with two inputs, a shared node and two outputs.'''
import numpy as np
from keras.models import Graph
from keras.layers.core import Dense, Dropout

np.random.seed(1)
X1 = np.random.randn(600, 4)
X2 = np.random.randn(600, 4)
y = (X1.sum(axis=1) * X2.sum(axis=1) > 0).astype(float).reshape(-1, 1)
total = X1.sum(axis=1, keepdims=True) + X2.sum(axis=1, keepdims=True)

graph = Graph()
graph.add_input(name='input1', input_shape=(4,))
graph.add_input(name='input2', input_shape=(4,))
graph.add_shared_node(Dense(16, activation='tanh'), name='shared',
                      inputs=['input1', 'input2'], outputs=['left', 'right'])
graph.add_node(Dense(32, activation='relu'), name='hidden', inputs=['left', 'right'],
               merge_mode='concat')
graph.add_node(Dropout(0.05), name='drop', input='hidden')
graph.add_node(Dense(1, activation='sigmoid'), name='same_sign', input='drop')
graph.add_node(Dense(1), name='total', inputs=['left', 'right'], merge_mode='sum',
               create_output=True)
graph.add_output(name='output', input='same_sign')

graph.compile(optimizer='adam', loss={'output': 'binary_crossentropy', 'total': 'mse'},
              loss_weights={'total': 0.5})
history = graph.fit({'input1': X1, 'input2': X2, 'output': y, 'total': total},
                    nb_epoch=60, batch_size=20, verbose=0, validation_split=0.1)
loss = graph.evaluate({'input1': X1, 'input2': X2, 'output': y, 'total': total})
predictions = graph.predict({'input1': X1, 'input2': X2})
print('loss', loss, 'accuracy', np.mean((predictions['output'] > 0.5) == y))

assert history.history['loss'][-1] < history.history['loss'][0] / 2
assert 'val_loss' in history.history
assert sorted(predictions) == ['output', 'total']
assert np.mean((predictions['output'] > 0.5) == y) > 0.9
assert np.corrcoef(predictions['total'].ravel(), total.ravel())[0, 1] > 0.9
