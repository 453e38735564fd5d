"""A page on this machine on which small models are written, trained and looked into.

`python -m minikeras playground` serves it: see `minikeras.playground.command`. `examples` makes data,
`model_code` reads and rewrites code, `trial` trains a model and says what is in it, `session` runs a
trial on a thread, and `server` speaks HTTP. The page is `page.html`, `page.css` and `page.js`.
"""
