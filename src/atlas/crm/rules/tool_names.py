"""Which tool a wrong name of one most likely means: by the verb and the kind of record that it is made of."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from atlas.core.errors import nearest_name
from atlas.crm.rules.synonyms import plain_name
from atlas.crm.rules.terms import RECORD_WORDS

_LONGEST_GUESS = 100  # characters of an unknown name that a guess is made from

VERBS: Final[Mapping[tuple[str, ...], tuple[str, ...]]] = {
    (
        "create",
        "add",
        "new",
        "make",
        "insert",
        "open",
        "register",
        "write",
        "post",
        "log",
        "save",
        "attach",
        "upload",
    ): (*("create_new_{}", "create_{}", "add_{}", "upload_{}"),),
    ("update", "edit", "change", "set", "patch", "put", "modify", "move", "assign", "rename", "close", "mark"): (
        "modify_{}",
    ),
    ("approve", "reject", "send", "accept", "win", "lose", "archive", "activate", "deactivate", "disable", "advance"): (
        "modify_{}",
    ),
    ("search", "find", "list", "query", "lookup", "look", "filter", "all"): (
        *("{}_search", "list_{}s", "{}_list", "search_{}s", "summarize_{}"),
    ),
    ("get", "view", "show", "read", "fetch", "retrieve", "details", "detail", "describe", "info", "load"): (
        *("view_{}_details", "{}_details", "list_{}s", "{}_list", "{}_search"),
    ),
    ("delete", "remove", "drop", "destroy", "erase"): ("delete_{}", "cancel_{}"),
    ("cancel", "void", "withdraw", "revoke", "abort"): ("cancel_{}", "delete_{}"),
    ("clone", "copy", "duplicate", "reopen"): ("clone_{}",),
    ("summarize", "summary", "summarise", "count", "sum", "total", "aggregate", "report", "statistics", "stats"): (
        *("summarize_{}", "summarize_{p}"),
    ),
    ("compare", "diff", "comparison"): ("compare_{p}", "compare_{}"),
    ("respond", "reply", "answer", "finish", "done", "final", "message", "say", "tell", "ask", "respond_to"): (
        "respond",
    ),
}
"""The first words of wrong names, and the forms of the tools that they mean, best first; ``{p}`` is the plural."""

_PLURALS: Final[Mapping[str, str]] = {"opportunity": "opportunities", "company": "companies", "staff": "staff"}


def nearest_tool(name: object, known: Collection[str]) -> str | None:
    """Return the known tool that ``name`` most likely means, None where none is close.

    Args:
        name: What was given.
        known: The tools that there are.

    Example:
        >>> tools = ("create_new_opportunity", "client_search", "modify_opportunity", "view_opportunity_details")
        >>> nearest_tool("updateDeal", tools), nearest_tool("get_client", tools)
        ('modify_opportunity', 'client_search')
        >>> nearest_tool("crm.view_opportunity", tools), nearest_tool("clinet_search", tools)
        ('view_opportunity_details', 'client_search')
        >>> nearest_tool("weather", tools), nearest_tool("delete_client", tools)
        (None, None)
    """
    if not isinstance(name, str) or len(name) > _LONGEST_GUESS:
        return None
    plain = plain_name(name.rpartition(".")[2] or name)
    if plain in known:
        return plain
    words = plain.split("_")
    for candidate in _candidates(words):
        if candidate in known:
            return candidate
    if any(word in verbs for word in words for verbs in VERBS) and _nouns_in(words):
        return None  # it is clear what was meant, and no tool does it; one that looks alike would do something else
    return nearest_name(plain, known, cutoff=_CUTOFF)


_CUTOFF = 0.75  # likeness of two names of tools that can be taken for a slip of the pen


def tools_about(name: object, known: Collection[str]) -> tuple[str, ...]:
    """Return the known tools for the kind of record that a wrong name speaks of; none where it speaks of none.

    Example:
        >>> tools_about("delete_client", ("client_search", "modify_client", "add_note"))
        ('client_search', 'modify_client')
    """
    if not isinstance(name, str) or len(name) > _LONGEST_GUESS:
        return ()
    nouns = _nouns_in(plain_name(name).split("_"))
    return tuple(tool for tool in known if any(noun in nouns for noun in _nouns_in(tool.split("_"))))


def _nouns_in(words: list[str]) -> list[str]:
    exact = [noun for noun in _NOUNS if noun in words or _plural(noun) in words]
    return exact or [noun for noun, called in _NOUNS.items() if any(word in called for word in words)]


def _candidates(words: list[str]) -> Iterator[str]:
    nouns = _nouns_in(words)
    for verbs, forms in VERBS.items():
        if any(word in verbs for word in words):
            for form in forms:
                for noun in nouns or ("",):
                    yield form.format(noun, p=_plural(noun))


def _plural(noun: str) -> str:
    return _PLURALS.get(noun, f"{noun}s")


_NOUNS: Final[Mapping[str, frozenset[str]]] = {
    noun: frozenset(form for word in (noun, *called) for form in (word, f"{word}s", _plural(word)))
    for noun, called in RECORD_WORDS.items()
}
