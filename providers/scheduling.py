"""Where a provider's environments may run: Kubernetes' own types, checked before a cluster sees them.

The shapes and the enumerated words are those of core/v1; unknown fields are refused, since the cluster would drop them.
"""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
QUALIFIED = rf"^({LABEL}(\.{LABEL})*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?$"
LABEL_VALUE = r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$"


def _storable(text: str) -> str:
    """Without NUL and half surrogate pairs, which no database and no cluster takes."""
    if any(each == "\0" or "\ud800" <= each <= "\udfff" for each in text):
        raise ValueError("must not hold NUL characters or half surrogate pairs")
    return text


Key = Annotated[str, StringConstraints(pattern=QUALIFIED)]
Value = Annotated[str, StringConstraints(pattern=LABEL_VALUE)]
Text = Annotated[str, AfterValidator(_storable)]
Seconds = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Namespace = Annotated[str, StringConstraints(pattern=f"^{LABEL}$")]
Weight = Annotated[int, Field(ge=1, le=100)]
Labels = dict[Key, Value]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Toleration(Shape):
    key: Key | None = None
    operator: Literal["Exists", "Equal"] = "Equal"
    value: Value | None = None
    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    tolerationSeconds: Seconds | None = None

    @model_validator(mode="after")
    def _fits_its_operator(self) -> "Toleration":
        if self.operator == "Exists" and self.value:
            raise ValueError("with operator Exists there is no value")
        if self.operator == "Equal" and not self.key:
            raise ValueError("without a key the operator is Exists")
        if self.tolerationSeconds is not None and self.effect != "NoExecute":
            raise ValueError("tolerationSeconds goes with effect NoExecute")
        return self


class Requirement(Shape):
    key: Key
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: list[Value] | None = None

    @model_validator(mode="after")
    def _has_values_if_needed(self) -> "Requirement":
        if self.operator in ("In", "NotIn") and not self.values:
            raise ValueError(f"operator {self.operator} needs values")
        if self.operator in ("Exists", "DoesNotExist") and self.values:
            raise ValueError(f"operator {self.operator} takes no values")
        return self


class NodeRequirement(Requirement):
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]  # type: ignore[assignment]  # nodes know two more

    @model_validator(mode="after")
    def _compares_with_one_number(self) -> "NodeRequirement":
        values = self.values or []
        if self.operator in ("Gt", "Lt") and not (len(values) == 1 and values[0].isdecimal()):
            raise ValueError(f"operator {self.operator} needs one whole number")
        return self


class FieldRequirement(Requirement):
    key: Literal["metadata.name"]
    operator: Literal["In", "NotIn"]


class NodeSelectorTerm(Shape):
    matchExpressions: list[NodeRequirement] = []
    matchFields: list[FieldRequirement] = []


class NodeSelector(Shape):
    nodeSelectorTerms: list[NodeSelectorTerm] = Field(min_length=1)


class PreferredNode(Shape):
    weight: Weight
    preference: NodeSelectorTerm


class NodeAffinity(Shape):
    requiredDuringSchedulingIgnoredDuringExecution: NodeSelector | None = None
    preferredDuringSchedulingIgnoredDuringExecution: list[PreferredNode] = []


class LabelSelector(Shape):
    matchLabels: Labels = {}
    matchExpressions: list[Requirement] = []


class PodAffinityTerm(Shape):
    topologyKey: Key
    labelSelector: LabelSelector | None = None
    namespaces: list[Namespace] = []
    namespaceSelector: LabelSelector | None = None


class WeightedPodAffinityTerm(Shape):
    weight: Weight
    podAffinityTerm: PodAffinityTerm


class PodAffinity(Shape):
    requiredDuringSchedulingIgnoredDuringExecution: list[PodAffinityTerm] = []
    preferredDuringSchedulingIgnoredDuringExecution: list[WeightedPodAffinityTerm] = []


class Affinity(Shape):
    nodeAffinity: NodeAffinity | None = None
    podAffinity: PodAffinity | None = None
    podAntiAffinity: PodAffinity | None = None


TYPES: dict[str, TypeAdapter[Any]] = {
    "tolerations": TypeAdapter(list[Toleration]),
    "node_selector": TypeAdapter(Labels),
    "affinity": TypeAdapter(Affinity),
    "service_account_annotations": TypeAdapter(dict[Key, Text]),
}
"""By the name of the provider's field."""

SCHEDULING = tuple(TYPES)
WORDS = {
    "extra_forbidden": "there is no such field",
    "missing": "this field is missing",
    "string_pattern_mismatch": "this is no valid key or value of a label",
    "model_type": "should be an object",
}


def problems_of(field: str, value: object) -> list[str]:
    """What is wrong with the value of that field, each with its place, like “[0].effect: …”; empty when it is right."""
    try:
        TYPES[field].validate_python(value)
    except ValidationError as error:
        return [
            f"{_place(each['loc'])}: {WORDS.get(each['type']) or _sentence(each['msg'])}" for each in error.errors()
        ]
    return []


def _place(path: tuple[int | str, ...]) -> str:
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path if part != "[key]")
    return place.lstrip(".") or "value"


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ").removeprefix("Input ")
