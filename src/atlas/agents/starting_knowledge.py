"""What Clerk knows before its first episode, as Markdown: the documentation is printed from the code that uses it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atlas.agents.answering import REASONS
from atlas.agents.intent import usable_spans
from atlas.agents.toolbook import Toolbook, ToolReading
from atlas.crm.records import ToolSpec
from atlas.learning.english import FILLERS, OPENERS, SYNONYMS
from atlas.learning.language import SpanType


def describe_start(tools: Sequence[ToolSpec]) -> str:
    """Return everything that Clerk brings along, given these tools: English, types of spans, how it reads the tools."""
    return "\n".join([*_english(), *_spans(), *_tools(Toolbook(tools)), *_reasons()])


def _english() -> Iterator[str]:
    yield "### English"
    yield ""
    yield f"{len(FILLERS)} words without content, {len(OPENERS)} words that may open a sentence, and these synonyms:"
    yield ""
    yield "| word of the tools | words that mean the same |"
    yield "|---|---|"
    heads: dict[str, list[str]] = {}
    for word, head in SYNONYMS.items():
        heads.setdefault(head, []).append(word)
    for head in sorted(heads):
        yield f"| {head} | {', '.join(word for word in sorted(heads[head]) if word != head)} |"
    yield ""


def _spans() -> Iterator[str]:
    yield "### Types of spans"
    yield ""
    yield ", ".join(f"`{kind.value}`" for kind in SpanType) + "."
    yield ""


def _tools(toolbook: Toolbook) -> Iterator[str]:
    yield "### Its reading of the tools"
    yield ""
    yield "| tool | verb | records | parameters that it fills from typed spans |"
    yield "|---|---|---|---|"
    for name in sorted(toolbook.tools):
        tool = toolbook.tools[name]
        yield f"| `{name}` | {tool.verb} | {', '.join(tool.nouns)} | {_typed(tool)} |"
    yield ""


def _typed(tool: ToolReading) -> str:
    return ", ".join(
        f"`{parameter.name}` ({'/'.join(kind.value for kind in usable_spans(parameter))})"
        for parameter in tool.parameters
        if usable_spans(parameter)
    )


def _reasons() -> Iterator[str]:
    yield "### Errors and public reasons"
    yield ""
    yield "Any other error is reported as `invalid_value`."
    yield ""
    yield "| error code of the world | reason code of the reply |"
    yield "|---|---|"
    for code in sorted(REASONS, key=lambda code: code.value):
        yield f"| `{code.value}` | `{REASONS[code].value}` |"
