"""JSON Schemas of the two YAML files, so that an editor completes keys and marks what is not allowed as one types.

They are made from the models that `graphsync check` uses. `check` knows more: positions, names in other files, and what
keys mean beside each other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from graphsync.rules.deployment import Deployment
from graphsync.rules.schema import Rule

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class _Generator(GenerateJsonSchema):
    """Makes schemas without defaults: those stand in the descriptions' page, in the words of the file."""

    def default_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])


def schemas() -> Mapping[str, str]:
    """Return the schemas as JSON text, by the name of their file: `graphsync.schema.json`, `rules.schema.json`."""
    one_rule = TypeAdapter(Annotated[Rule, Field(discriminator="practice")])
    rule = one_rule.json_schema(by_alias=True, schema_generator=_Generator)
    definitions = rule.pop("$defs", {})
    rules = {
        "$schema": DIALECT,
        "title": "rules.yaml",
        "description": "The rules of a mentoring programme; see docs/rules.md.",
        "type": "array",
        "minItems": 1,
        "items": rule,
        "$defs": definitions,
    }
    deployment = Deployment.model_json_schema(by_alias=True, schema_generator=_Generator)
    settings = {"$schema": DIALECT, **deployment, "title": "graphsync.yaml"}
    return {
        "graphsync.schema.json": json.dumps(settings, indent=2) + "\n",
        "rules.schema.json": json.dumps(rules, indent=2) + "\n",
    }
