"""A stand-in for KServe's InferenceService controller: it is NOT KServe, it only behaves like it where recorded.

KServe's own controller cannot be had from package registries, so the lab runs this one in its place. It is
held, by ``tests/fixtures/kserve``, to recordings of the real controller in Standard mode: names, owners, the
parts of the specs that matter, the order of conditions, the final status and the webhooks' sentences. What it
does not build (explainers, public transformers, ``spec.canary``, Knative) it refuses with a sentence that says so.

Pure modules by concern (``merge``, ``template``, ``runtimes``, ``pod``, ``transformer``, ``storage``, ``deployment``,
``service``, ``route``, ``hpa``, ``conditions``, ``status``, ``defaults``, ``validation``) stand apart from the
input and output (``api``, ``watch``, ``queue``, ``apply``, ``controller``, ``webhook``, ``certs``, ``main``).
"""
