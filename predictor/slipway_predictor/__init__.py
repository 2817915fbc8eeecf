"""The predictor: one process that serves one model bundle over the Open Inference Protocol (V2), on KServe's server.

    bytes -> protocol -> serving.core -> features (contract checks, table) -> engines -> protocol -> bytes

`main` is the entry point. The packages below import downwards only: serving -> bundle -> engines -> features ->
protocol; only `serving` knows KServe, so the command line may use the rest without it.
"""
