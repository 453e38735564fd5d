"""How to Grid Search Hyperparameters for Deep Learning Models in Python With Keras (2016, for Keras 2)."""

import numpy
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import LabelEncoder, StandardScaler

from keras.layers import Dense
from keras.models import Sequential
from keras.utils import np_utils
from keras.wrappers.scikit_learn import KerasClassifier, KerasRegressor

seed = 7
numpy.random.seed(seed)
X = numpy.random.normal(size=(160, 8))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)


# Function to create model, required for KerasClassifier
def create_model(optimizer="adam", init="glorot_uniform", neurons=12):
    model = Sequential()
    model.add(Dense(neurons, input_dim=8, kernel_initializer=init, activation="relu"))
    model.add(Dense(8, kernel_initializer=init, activation="relu"))
    model.add(Dense(1, kernel_initializer=init, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer=optimizer, metrics=["accuracy"])
    return model


model = KerasClassifier(build_fn=create_model, verbose=0)
param_grid = dict(optimizer=["sgd", "adam"], epochs=[40], batch_size=[8], neurons=[2, 24])
grid = GridSearchCV(estimator=model, param_grid=param_grid, cv=3)
grid_result = grid.fit(X, Y)
print("Best: %f using %s" % (grid_result.best_score_, grid_result.best_params_))
means = grid_result.cv_results_["mean_test_score"]
stds = grid_result.cv_results_["std_test_score"]
params = grid_result.cv_results_["params"]
for mean, stdev, param in zip(means, stds, params):
    print("%f (%f) with: %r" % (mean, stdev, param))
assert grid_result.best_params_["optimizer"] == "adam"
assert grid_result.best_params_["neurons"] == 24
assert grid_result.best_score_ > 0.6

# Cross-validation of a classifier of flowers with names, one-hot encoded.
names = numpy.array(["setosa", "versicolor", "virginica"])
which = numpy.random.randint(3, size=120)
flowers = numpy.random.normal(size=(120, 4)) * 0.4 + numpy.eye(4)[which] * 2
encoder = LabelEncoder()
encoder.fit(names[which])
dummy_y = np_utils.to_categorical(encoder.transform(names[which]))


def baseline_model():
    model = Sequential()
    model.add(Dense(8, input_dim=4, activation="relu"))
    model.add(Dense(3, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


estimator = KerasClassifier(build_fn=baseline_model, epochs=60, batch_size=5, verbose=0)
kfold = KFold(n_splits=3, shuffle=True, random_state=seed)
results = cross_val_score(estimator, flowers, dummy_y, cv=kfold)
print("Baseline: %.2f%% (%.2f%%)" % (results.mean() * 100, results.std() * 100))
assert results.mean() > 0.9
estimator.fit(flowers, dummy_y)
predictions = encoder.inverse_transform(estimator.predict(flowers))
assert numpy.mean(predictions == names[which]) > 0.9


# A regression in a pipeline.
def larger_model():
    model = Sequential()
    model.add(Dense(13, input_dim=5, kernel_initializer="normal", activation="relu"))
    model.add(Dense(1, kernel_initializer="normal"))
    model.compile(loss="mean_squared_error", optimizer="adam")
    return model


houses = numpy.random.normal(size=(150, 5)) * 3 + 5
prices = (houses - 5) @ numpy.array([0.2, 0.4, 0, -0.2, 0.1]) + 1
estimators = []
estimators.append(("standardize", StandardScaler()))
estimators.append(
    ("mlp", KerasRegressor(build_fn=larger_model, epochs=60, batch_size=5, verbose=0))
)
pipeline = Pipeline(estimators)
results = cross_val_score(pipeline, houses, prices, cv=KFold(n_splits=3))
print("Larger: %.2f (%.2f) MSE" % (results.mean(), results.std()))
assert -results.mean() < prices.var() / 10

folds = StratifiedKFold(n_splits=2, shuffle=True, random_state=seed)
cvscores = []
for train, test in folds.split(X, Y):
    model = create_model()
    model.fit(X[train], Y[train], epochs=5, batch_size=10, verbose=0)
    scores = model.evaluate(X[test], Y[test], verbose=0)
    print("%s: %.2f%%" % (model.metrics_names[1], scores[1] * 100))
    cvscores.append(scores[1] * 100)
assert len(cvscores) == 2
