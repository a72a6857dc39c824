"""The laboratory: measures a pipeline on questions whose answers are known.

questions -> asking (one record a question) -> figures -> report; comparison, deletion and injections beside it.
"""
