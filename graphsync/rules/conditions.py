"""`when`: a condition on a rule, in a small typed language over the facts of one mentorship.

The library `rule-engine` parses, types and evaluates (docs/decisions/0010-conditions.md). Only a part of its language
is let in: facts, numbers, texts, lists, comparisons, arithmetic, `and`, `or`, `not`, `in`. So a condition reaches
nothing but facts, and takes no more than its length to evaluate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import combinations
from typing import Any, Final

import rule_engine
from rule_engine import ast
from rule_engine.errors import EngineError

from graphsync.errors import near_miss
from graphsync.rules.facts import FACTS, Fact, FactType, Value
from graphsync.rules.kinds import shown, wrong
from graphsync.rules.state import MentorshipState

LONGEST: Final = 500
"""How many characters a condition has at most."""

DEEPEST: Final = 20
"""How many parentheses may be open at once."""

A_CONDITION: Final = "a condition such as 'mentorship.age_days < 60 and not mentor.is_away'"

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
      | (?P<number>[0-9]{1,9}(?:\.[0-9]{1,6})?(?![0-9A-Za-z_.]))
      | (?P<text>'[^'\\\n]*'|"[^"\\\n]*")
      | (?P<sign><=|>=|==|!=|\*(?!\*)|/(?!/)|<(?!<)|>(?!>)|[-+()\[\],])""",
    re.VERBOSE,
)
_WORDS: Final = frozenset({"and", "or", "not", "in", "true", "false"})
_ALLOWED: Final = "facts, numbers, texts in quotes, lists, 'and', 'or', 'not', 'in', comparisons, '+', '-', '*' and '/'"
_TYPES: Final = {
    FactType.NUMBER: rule_engine.DataType.FLOAT,
    FactType.TEXT: rule_engine.DataType.STRING,
    FactType.YES_OR_NO: rule_engine.DataType.BOOLEAN,
    FactType.LIST: rule_engine.DataType.ARRAY(rule_engine.DataType.STRING),
}
_NAMES: Final = {
    rule_engine.DataType.FLOAT: "a number",
    rule_engine.DataType.STRING: "a text",
    rule_engine.DataType.BOOLEAN: "yes or no",
}


class ConditionError(ValueError):
    """A text that is no condition: at which offset, what was found there, and what was expected."""

    def __init__(self, offset: int, found: str, expected: str) -> None:
        super().__init__(f"{found} at {offset}; expected {expected}")
        self.offset = offset
        self.found = found
        self.expected = expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What a condition came to: whether it holds, the facts it names with their values, and what kept it from holding.

    `problem` is empty unless it could not be evaluated; it does not hold then.
    """

    holds: bool
    values: tuple[tuple[str, Value], ...]
    problem: str = ""

    @property
    def found(self) -> str:
        """The values, as an explanation shows them."""
        return ", ".join(f"{name} = {_as_written(value)}" for name, value in self.values) + self.problem


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition; two of the same text are equal."""

    text: str
    facts: tuple[Fact, ...] = field(compare=False, repr=False)
    _rule: rule_engine.Rule = field(compare=False, repr=False)

    @property
    def changes_with_time(self) -> bool:
        """Whether it may come to something else later though nothing happens."""
        return any(fact.changes_with_time for fact in self.facts)

    def evaluate(self, state: MentorshipState, now: datetime) -> Evaluation:
        """Return what the condition comes to; what cannot be worked out, such as a division by zero, does not hold."""
        values = tuple((fact.name, fact.read(state, now)) for fact in self.facts)
        thing = {_symbol(name): value for name, value in values}
        try:
            return Evaluation(holds=bool(self._rule.matches(thing)), values=values)
        except EngineError as error:
            return Evaluation(holds=False, values=values, problem=f" ({error.message})")


def condition(value: object) -> Condition:
    """Return the condition that a rule's `when` says."""
    if isinstance(value, Condition):
        return value
    if not isinstance(value, str):
        raise wrong(A_CONDITION)
    try:
        return parse_condition(value)
    except ConditionError as error:
        raise wrong(error.expected, found=error.found, offset=error.offset) from error


@cache
def parse_condition(text: str) -> Condition:
    """Return the condition that `text` says.

    Raises:
        ConditionError: it says none; the offset is that of the first thing wrong.
    """
    if len(text) > LONGEST:
        raise ConditionError(LONGEST, f"a condition of {len(text)} characters", f"at most {LONGEST}")
    tokens = list(_tokens(text))
    if not tokens:
        raise ConditionError(0, "an empty condition", A_CONDITION)
    facts = tuple(dict.fromkeys(FACTS[word] for _, kind, word in tokens if kind == "name" and word in FACTS))
    problem = _problem_in(text)
    if problem is not None:
        raise _located(text, tokens, problem)
    return Condition(text, facts, _built(text))


def _symbol(name: str) -> str:
    """Return the fact's name as the library takes it: it would read a point as access to a part."""
    return name.replace(".", "_")


_CONTEXT: Final = rule_engine.Context(
    type_resolver=rule_engine.type_resolver_from_dict(
        {_symbol(name): _TYPES[fact.type] for name, fact in FACTS.items()}
    )
)


def _tokens(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield each token of `text` with its offset and kind; what does not belong to the language is refused."""
    at, depth = 0, 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            found = re.match(r"\w+|.", text[at:], re.DOTALL)
            raise ConditionError(at, shown(found[0] if found else text[at:]), _ALLOWED)
        kind, word = str(match.lastgroup), match[0]
        if kind == "name" and word not in FACTS and word not in _WORDS:
            raise ConditionError(at, f"the unknown fact {word!r}", f"a fact of docs/rules.md{near_miss(FACTS, word)}")
        depth += (word in ("(", "[")) - (word in (")", "]"))
        if depth > DEEPEST:
            raise ConditionError(at, f"more than {DEEPEST} open brackets", "a simpler condition, or a second rule")
        if kind != "space":
            yield at, kind, word
        at = match.end()


def _built(text: str) -> rule_engine.Rule:
    return rule_engine.Rule(_as_symbols(text), context=_CONTEXT)


def _as_symbols(text: str) -> str:
    """Return `text` with each fact as a symbol of the library, every offset as it was."""
    return _TOKEN.sub(lambda match: _symbol(match[0]) if match.lastgroup == "name" else match[0], text)


def _problem_in(text: str, *, whole: bool = True) -> tuple[str, str] | None:
    """Return what is wrong with `text` as found and expected, None where nothing is; syntax has an empty `expected`."""
    try:
        expression = _built(text).statement.expression
    except rule_engine.errors.RuleSyntaxError:
        return "", ""
    except rule_engine.errors.ArithmeticError:
        return "a division by zero", "something else to divide by"
    except EngineError:
        return "values of different types", "values that can be compared or reckoned with each other"
    for node in _nodes(expression):
        problem = _mistyped(node)
        if problem is not None:
            return problem
    if whole and expression.result_type is not rule_engine.DataType.BOOLEAN:
        return f"{_named(expression.result_type)}", "a comparison, or a fact that is yes or no"
    return None


def _nodes(node: Any) -> Iterator[Any]:
    yield node
    for part in ("left", "right", "container", "member"):
        below = getattr(node, part, None)
        if below is not None:
            yield from _nodes(below)


def _mistyped(node: Any) -> tuple[str, str] | None:
    """Return what is wrong with the types of one node; the library itself lets these pass, and evaluates to false."""
    boolean = rule_engine.DataType.BOOLEAN
    match node:
        case ast.LogicExpression():
            for side in (node.left, node.right):
                if side.result_type is not boolean:
                    return _named(side.result_type), "yes or no on both sides of 'and' and 'or'"
        case ast.UnaryExpression(type="not") if node.right.result_type is not boolean:
            return _named(node.right.result_type), "yes or no after 'not'"
        case ast.ComparisonExpression() if node.left.result_type != node.right.result_type:
            found = f"{_named(node.left.result_type)} compared with {_named(node.right.result_type)}"
            return found, "two values of one type"
        case ast.ContainsExpression():
            held = node.container.result_type
            inner = getattr(held, "value_type", None)
            if inner != node.member.result_type:
                return f"{_named(node.member.result_type)} sought in {_named(held)}", "a list of such values after 'in'"
    return None


def _named(kind: object) -> str:
    return next((name for known, name in _NAMES.items() if known is kind), "a list")


def _located(text: str, tokens: list[tuple[int, str, str]], problem: tuple[str, str]) -> ConditionError:
    """Return the error of `text` with its place: the shortest part that is wrong by itself.

    The library does not say where a type does not fit, and names the token a syntax error is at only by its text.
    """
    starts = [at for at, _, _ in tokens]
    if problem == ("", ""):
        return _syntax_error(text, tokens)
    ends = [at + len(word) for at, _, word in tokens]
    spans = sorted(combinations(range(len(tokens)), 2), key=lambda span: (span[1] - span[0], span[0]))
    for first, last in spans:
        found = _problem_in(text[starts[first] : ends[last]], whole=False)
        if found == problem:
            return ConditionError(starts[first], *found)
    return ConditionError(starts[0], *problem)


def _syntax_error(text: str, tokens: list[tuple[int, str, str]]) -> ConditionError:
    """Return the syntax error of `text`: at the first token that no continuation can mend, or at its end."""
    try:
        _built(text)
    except rule_engine.errors.RuleSyntaxError as error:
        token = error.token
        if token is not None:
            found = next(word for at, _, word in tokens if at == token.lexpos)
            return ConditionError(token.lexpos, repr(found), "the condition to go on otherwise, or to end")
    return ConditionError(len(text), "the end of the condition", f"something after {tokens[-1][2]!r}")


def _as_written(value: Value) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(repr, value)) + "]"
    return shown(value)
