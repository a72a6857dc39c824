"""The assistant in a process of its own, so that what crashes there (a model, a library) takes nothing else down.

`wire` says what crosses, `serve` is the child's side, `process` the parent's, `supervisor` starts it anew.
"""
