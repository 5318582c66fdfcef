"""What `graphsync test` prints, and the same for machines (JUnit)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from graphsync.trial.running import Coverage, Ran


def as_text(ran: Sequence[Ran], covered: Coverage | None = None) -> str:
    """Return the failures, each with what was expected beside what is so, a count, and the coverage where asked for."""
    lines = [line for one in ran if one.failures for line in _failed(one)]
    failed = sum(1 for one in ran if one.failures)
    lines.append(f"{len(ran)} rule tests, {failed} failed" if failed else f"{len(ran)} rule tests, all passed")
    if covered is not None:
        lines.append(f"{len(covered.reached)} of {covered.branches} branches of the rules reached")
        lines += [f"  not reached: {rule}: {step}" for rule, step in covered.missed]
    return "\n".join(lines) + "\n"


def _failed(one: Ran) -> Iterator[str]:
    for failure in one.failures:
        yield f"{one.script.file}:{failure.line}: {one.script.name}"
        yield f"  expected: {failure.expected}"
        yield from (
            f"  {'actual:  ' if number == 0 else '         '} {text}" for number, text in enumerate(failure.actual)
        )
        yield from (f"    {text}" for text in failure.trace)
        yield ""


def as_junit(ran: Sequence[Ran]) -> str:
    """Return the outcome in JUnit's XML, as continuous integration reads it: a suite for each file."""
    root = ElementTree.Element("testsuites")
    for file in dict.fromkeys(one.script.file for one in ran):
        held = [one for one in ran if one.script.file == file]
        failures = sum(1 for one in held if one.failures)
        suite = ElementTree.SubElement(
            root, "testsuite", name=file, tests=str(len(held)), failures=str(failures), errors="0"
        )
        for one in held:
            case = ElementTree.SubElement(
                suite, "testcase", classname=file, name=one.script.name, file=file, line=str(one.script.line)
            )
            for failure in one.failures:
                said = ElementTree.SubElement(case, "failure", message=f"expected {failure.expected}")
                said.text = "\n".join((f"line {failure.line}", *failure.actual, *failure.trace))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
