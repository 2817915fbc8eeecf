"""The policy that a ModelDeployment's rollout refers to, and who refers to which."""

from slipway_operator.api import names, reasons
from slipway_operator.api.spec import ModelDeploymentSpec, PolicyRef, RolloutFields
from slipway_operator.cluster.claims import Key
from slipway_operator.cluster.client import Client
from slipway_operator.cluster.kinds import CLUSTER_ROLLOUT_POLICY, ROLLOUT_POLICY
from slipway_operator.cluster.render.common import Subject
from slipway_operator.rollout.observation import Policy, Problem

PolicyKey = tuple[str | None, str]
"""Namespace (None for a ClusterRolloutPolicy) and name."""


async def find_policy(client: Client, subject: Subject) -> Policy | Problem | None:
    """The policy as it is, or what is wrong with it; None where the spec refers to none."""
    ref = _reference(subject.spec)
    if ref is None:
        return None
    namespace, name = policy_key(ref, subject.namespace)
    kind = ROLLOUT_POLICY if namespace else CLUSTER_ROLLOUT_POLICY
    found = await client.get(kind, namespace, name)
    if found is None:
        place = f" in namespace {namespace}" if namespace else ""
        return Problem(
            reasons.POLICY_MISSING,
            f"there is no {kind.name} {name}{place}: create it, or name another in spec.rollout.policyRef",
        )
    return Policy(f"{kind.name}/{name}", RolloutFields.model_validate(found.get("spec", {})))


def policy_key(ref: PolicyRef, namespace: str) -> PolicyKey:
    """Which policy a reference in this namespace means."""
    return (None if ref.kind == names.CLUSTER_POLICY_KIND else namespace, ref.name)


class PolicyUsers:
    """Which ModelDeployments to look at when a policy changes: one may wait for it to be made."""

    def __init__(self) -> None:
        self._uses: dict[Key, PolicyKey] = {}

    def note(self, key: Key, spec: ModelDeploymentSpec) -> None:
        """Enter or renew a ModelDeployment."""
        ref = _reference(spec)
        if ref:
            self._uses[key] = policy_key(ref, key[0])
        else:
            self.forget(key)

    def forget(self, key: Key) -> None:
        """The ModelDeployment is gone."""
        self._uses.pop(key, None)

    def of(self, policy: PolicyKey) -> list[Key]:
        """Those that refer to it."""
        return [key for key, used in self._uses.items() if used == policy]


def _reference(spec: ModelDeploymentSpec) -> PolicyRef | None:
    return spec.rollout.policy_ref if spec.rollout else None
