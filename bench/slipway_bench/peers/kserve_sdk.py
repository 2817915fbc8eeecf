"""KServe's own server with a custom model, as its documentation shows one: `kserve_sdk.py PIPELINE --http_port P`."""

import os
from typing import Any

import joblib
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer


class Pipeline(Model):  # type: ignore[misc]  # the SDK is untyped
    """A scikit-learn pipeline."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.load()

    def load(self) -> bool:
        """Load once, at start."""
        self.pipeline = joblib.load(os.environ["BENCH_PIPELINE"])
        self.ready = True
        return True

    def predict(
        self,
        payload: InferRequest,
        headers: dict[str, str] | None = None,  # noqa: ARG002 (the SDK's signature)
        response_headers: dict[str, str] | None = None,  # noqa: ARG002
    ) -> Any:
        """Answer the probabilities."""
        answer = self.pipeline.predict_proba(payload.inputs[0].as_numpy())
        output = InferOutput(name="probability", shape=list(answer.shape), datatype="FP64", data=answer)
        return InferResponse(model_name=self.name, infer_outputs=[output], response_id=payload.id)


if __name__ == "__main__":
    ModelServer().start([Pipeline("m")])
