def test_history_over_two_trainings(api, fit):
    history = api.History()
    model, _ = fit(api, history, [{"loss": 1.0, "acc": 0.5}, {"loss": 0.5, "acc": 0.75}])
    assert model.history is history
    assert history.history == {"acc": [0.5, 0.75], "loss": [1.0, 0.5]}
    assert list(history.history) == ["acc", "loss"]
    assert history.epoch == [0, 1]
    fit(api, history, [{"loss": 0.25}], model=model)
    assert history.history == {"acc": [0.5, 0.75], "loss": [1.0, 0.5, 0.25]}
    assert history.epoch == [0]
