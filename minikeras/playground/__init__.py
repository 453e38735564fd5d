"""A page on this machine on which small models are written, trained and looked into.

`python -m minikeras playground` serves it: see `minikeras.playground.command`. `examples` makes data,
`model_code` reads and rewrites code, `trial` trains a model, `recorded_step` keeps the arrays of one
step, `snapshot` says what is drawn of a trial, `session` runs all of it on a thread that
`interruption` can stop, and `server` speaks HTTP. The page is `page.html`, `page.css` and `page.js`.
"""
