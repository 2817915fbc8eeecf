"""Every reason that appears in events and conditions, and what it means.

Reasons are part of the interface: alerts and scripts match on them, so they change only with the API version.
"""

# Events and history: the course of a rollout.
ROLLOUT_STARTED = "RolloutStarted"  # a new revision was created
CANARY_READY = "CanaryReady"  # its pods serve
GATES_PASSED = "GatesPassed"  # its first request may come
GATE_ERROR = "GateError"  # a gate could not be run; it is tried again
STEP_REACHED = "StepReached"  # a step's weight was seen to take
PROMOTED = "Promoted"  # the canary is the stable revision now
COMPARED = "Compared"  # strategy Shadow: all gates are passed, and it never serves
ROLLBACK_STARTED = "RollbackStarted"  # by command, to a revision that has to be made again
ROLLED_BACK = "RolledBack"  # the canary failed; its traffic goes to stable
ABORTED = "Aborted"  # the spec went back to stable's
SUPERSEDED = "Superseded"  # a newer spec replaced the canary
PAUSED = "Paused"  # by command
RESUMED = "Resumed"
COMMAND_IGNORED = "CommandIgnored"  # it makes no sense at this moment
REVISION_DELETED = "RevisionDeleted"  # no longer needed, and without traffic
REPAIRED = "Repaired"  # somebody has edited or deleted an object of a revision

# Why a revision cannot serve: seen on its pods.
CRASH_LOOP = "CrashLoop"
IMAGE_PULL_FAILED = "ImagePullFailed"
CONTAINER_CONFIG_FAILED = "ContainerConfigFailed"
INIT_FAILED = "InitContainerFailed"
UNSCHEDULABLE = "Unschedulable"
SERVICE_FAILED = "InferenceServiceFailed"  # KServe itself cannot make the pods
POD_CREATION_FAILED = "PodCreationFailed"
OUT_OF_MEMORY = "OutOfMemory"

# Why a canary is rolled back: those above, and
PROGRESS_DEADLINE = "ProgressDeadlineExceeded"
CANARY_RESTARTED = "CanaryRestarted"
CANARY_UNREADY = "CanaryNotReady"
GATE_FAILED = "GateFailed"  # before the first request; status.gates says which and why
GATE_TIMEOUT = "GateTimedOut"  # a gate has given no answer in time
APPROVAL_TIMEOUT = "ApprovalTimeout"  # nobody approved in time
DEADLINE = "DeadlineExceeded"  # no verdict, or no end, within the rollout's deadline
INCONCLUSIVE = "AnalysisInconclusive"  # no verdict when the steps were over, and onInconclusive says Rollback
CONVICTIONS = {
    "error-rate": "ErrorRateWorse",
    "latency": "LatencyWorse",
    "fallbacks": "FallbacksWorse",
    "rejections": "RejectionsWorse",
    "predictions": "PredictionsDiffer",
}
OUT_OF_BOUNDS = "MetricOutOfBounds"  # a metric of the user's own

# Why a revision is not even started.
KIND_MISSING = "KindNotServed"  # the cluster has no Gateway API or no KServe, or too old a one
RUNTIME_MISSING = "RuntimeNotFound"
RUNTIME_UNFIT = "RuntimeCannotNameModel"
GRPC_UNSERVED = "GrpcNotServed"  # the spec asks for gRPC, and its pods would have no port for it
POLICY_MISSING = "RolloutPolicyNotFound"
GATEWAY_MISSING = "GatewayNotFound"
GATEWAY_UNSET = "GatewayNotSet"
CLAIM_MISSING = "PersistentVolumeClaimNotFound"
HOSTNAME_CONFLICT = "HostnameConflict"
ROUTE_CONFLICT = "RouteConflict"
ROUTE_MISSING = "RouteNotFound"  # the one that spec.traffic.routeRef names
ROUTE_UNFIT = "RouteUnfit"  # it does not lead to this model, or cannot do what the rollout needs
REFUSED = "InferenceServiceRefused"

# Conditions.
READY = "Ready"
RECONCILING = "Reconciling"
STALLED = "Stalled"
ROUTE_ACCEPTED = "RouteAccepted"
ROLLOUT_SUCCEEDED = "RolloutSucceeded"
RUNTIME_OUTDATED = "RuntimeOutdated"

SERVING = "Serving"
NOTHING_SERVES = "NoStableRevision"
STABLE_UNREADY = "StableNotReady"
NOT_ACCEPTED = "RouteNotAccepted"
ACCEPTED = "Accepted"
PROGRESSING = "Progressing"
SETTLED = "Settled"
CURRENT = "Current"
CHANGED = "RuntimeChanged"
