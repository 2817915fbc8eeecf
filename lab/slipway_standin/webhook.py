"""The admission webhooks: InferenceServices filled and checked, pods given their model.

Registered under the names KServe's own controller uses, so that whichever of the two starts later takes over
from the other, and refusals read the same.
"""

import base64
import json
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from slipway_standin import kinds, names
from slipway_standin.api import Api
from slipway_standin.defaults import defaulted
from slipway_standin.objects import Obj
from slipway_standin.storage import inject
from slipway_standin.validation import refusal

DEFAULTER = "/mutate-serving-kserve-io-v1beta1-inferenceservice"
VALIDATOR = "/validate-serving-kserve-io-v1beta1-inferenceservice"
POD_MUTATOR = "/mutate-pods"
CONFIGURATION = "inferenceservice.serving.kserve.io"

_log = logging.getLogger(__name__)

Answer = Callable[[Obj], Obj]


def application(default_mode: str) -> web.Application:
    """The web application behind the three webhooks."""
    app = web.Application(client_max_size=16 * 1024**2)
    app.router.add_post(DEFAULTER, _handler(lambda request: _default(request, default_mode)))
    app.router.add_post(VALIDATOR, _handler(_validate))
    app.router.add_post(POD_MUTATOR, _handler(_mutate_pod))
    return app


async def register(api: Api, address: str, ca_bundle: str) -> None:
    """Make the API server call the webhooks at ``https://ADDRESS``."""
    for kind, wanted in (
        (kinds.MUTATING_WEBHOOK, _mutating(address, ca_bundle)),
        (kinds.VALIDATING_WEBHOOK, _validating(address, ca_bundle)),
    ):
        present = await api.get(kind, "", CONFIGURATION)
        if present is None:
            await api.create(kind, wanted)
        else:
            version = present["metadata"]["resourceVersion"]
            await api.replace(
                kind, {**wanted, "metadata": {**wanted["metadata"], "resourceVersion": version}}
            )


def _handler(answer: Answer) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        review = await request.json()
        asked: Obj = review["request"]
        try:
            response = answer(asked)
        except (KeyError, TypeError, AttributeError) as error:
            # The schema-less CRD lets malformed objects through to here.
            _log.info("malformed %s refused: %r", asked.get("kind"), error)
            response = _denied(f"the object is malformed: {error!r}; is spec.predictor there and a map?")
        return web.json_response(
            {
                "apiVersion": review["apiVersion"],
                "kind": "AdmissionReview",
                "response": {"uid": asked["uid"], **response},
            }
        )

    return handle


def _default(request: Obj, default_mode: str) -> Obj:
    isvc = request["object"]
    filled = defaulted(isvc, default_mode)
    return _patched(
        {"/metadata/annotations": filled["metadata"]["annotations"], "/spec": filled.get("spec", {})}
    )


def _mutate_pod(request: Obj) -> Obj:
    pod = inject(request["object"])
    return _patched({"/metadata/annotations": pod["metadata"]["annotations"], "/spec": pod["spec"]})


def _validate(request: Obj) -> Obj:
    sentence = refusal(request["object"], request.get("oldObject"))
    return _denied(sentence) if sentence else {"allowed": True}


def _denied(sentence: str) -> Obj:
    return {"allowed": False, "status": {"code": 403, "reason": "Forbidden", "message": sentence}}


def _patched(members: dict[str, Obj]) -> Obj:
    patch = [{"op": "add", "path": path, "value": value} for path, value in members.items()]
    encoded = base64.b64encode(json.dumps(patch).encode()).decode()
    return {"allowed": True, "patchType": "JSONPatch", "patch": encoded}


def _mutating(address: str, ca_bundle: str) -> Obj:
    pods = _webhook("pod-mutator", f"https://{address}{POD_MUTATOR}", ca_bundle)
    pods["objectSelector"] = {"matchExpressions": [{"key": names.ISVC_LABEL, "operator": "Exists"}]}
    pods["reinvocationPolicy"] = "IfNeeded"
    pods["rules"] = [_rule("", "v1", "pods", ["CREATE"])]
    isvcs = _webhook("defaulter", f"https://{address}{DEFAULTER}", ca_bundle)
    isvcs["rules"] = [_isvc_rule()]
    return _configuration("MutatingWebhookConfiguration", [isvcs, pods])


def _validating(address: str, ca_bundle: str) -> Obj:
    isvcs = _webhook("validator", f"https://{address}{VALIDATOR}", ca_bundle)
    isvcs["rules"] = [_isvc_rule()]
    return _configuration("ValidatingWebhookConfiguration", [isvcs])


def _configuration(kind: str, webhooks: list[Obj]) -> Obj:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": CONFIGURATION},
        "webhooks": webhooks,
    }


def _webhook(role: str, url: str, ca_bundle: str) -> Obj:
    return {
        "name": f"inferenceservice.kserve-webhook-server.{role}",
        "clientConfig": {"url": url, "caBundle": ca_bundle},
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }


def _isvc_rule() -> Obj:
    return _rule(names.GROUP, "v1beta1", "inferenceservices", ["CREATE", "UPDATE"])


def _rule(group: str, version: str, resource: str, operations: list[str]) -> Obj:
    return {
        "apiGroups": [group],
        "apiVersions": [version],
        "resources": [resource],
        "operations": operations,
    }
