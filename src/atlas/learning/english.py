"""The English that Clerk brings along: words without content, word stems, and names that office English uses alike.

Ordinary English only. A word that one company uses in a sense of its own belongs to a lesson, never to this module.
"""

from __future__ import annotations

import functools
from types import MappingProxyType
from typing import Protocol

from snowballstemmer.english_stemmer import EnglishStemmer

_FILLERS_TEXT = """
a an the this that these those it its i me my we us our you your he him his she her they them their is are was were
be been being am do does did has have had having will would shall should can could may might must and or but so if
then than as of in on at by to from for with without into onto over about up out off per via not no yes please
thanks thank hi hello hey dear kindly just now also again still already there here what which who whom whose when
where why how need needs want wants like let lets get gets got go going make makes made take some any all each every
one ok okay sure well right quick quickly asap today regards cheers best morning afternoon s t re ve ll d m
pls plz thx thnx tnx ty
"""
FILLERS = frozenset(_FILLERS_TEXT.split())
"""Words that say little about what a message asks for."""

_OPENERS_TEXT = """
please hi hello hey dear good morning afternoon thanks thank can could would will kindly also then now and but so ok
okay just quick quickly the a an this that these those our my your their his her its i i'd i'm i've we we'd we're
we've you it is are was were do does did has have had what which who whom whose when where why how if once after
before for from in on at by to with as per regarding about since because let let's lets need needs want create add
open start log register record make set up put move change update modify edit adjust raise lower increase decrease
bump push pull bring switch mark turn flip take give get show list find search look fetch display tell check see
view read count total sum summarize summarise average report send draft prepare issue write draw quote cancel void
scrap drop kill withdraw delete remove clone copy duplicate reopen revive restart upload attach file store save
assign hand transfer note remind close win lose lost won book enter key fill capture rename correct fix extend
shorten renew convert promote advance progress two three four five new another same first second third last next all
any every each both there here yes no not never regards best cheers fyi asap re subject customer client account
meant mean briefing
contact opportunity deal contract document amount stage status name email e-mail phone address title industry
probability owner value date valid until jan feb mar apr may jun jul aug sep sept oct nov dec january february march
april june july august september october november december monday tuesday wednesday thursday friday saturday sunday
"""
OPENERS = frozenset(_OPENERS_TEXT.split())
"""Words that may start a sentence with a capital without being a name."""

LEADING = frozenset({"about", "at", "concerning", "for", "from", "in", "of", "on", "regarding", "to", "with"})
"""Words that lead to what is meant: behind them, a capital belongs to a name."""

SYNONYMS = MappingProxyType(
    {
        word: head
        for head, words in {
            "opportunity": "opportunity opportunities opp opps deal deals",
            "client": "client clients customer customers account accounts acct accts",
            "contact": "contact contacts person people ctc",
            "quote": "quote quotes quotation quotations offer offers",
            "contract": "contract contracts agreement agreements",
            "document": "document documents doc docs file files attachment attachments",
            "note": "note notes comment comments memo remark",
            "staff": "staff colleague colleagues rep reps employee",
            "create": "create creates add adds open opens register start draft prepare issue raise book enter new log",
            "modify": "modify change changes update updates edit set sets move moves adjust switch mark shift push bump"
            " put turn flip advance bring alter correct extend",
            "search": "search find list show look lookup pull fetch get which display",
            "view": "view details detail overview read",
            "cancel": "cancel void withdraw scrap revoke annul",
            "delete": "delete remove erase drop",
            "clone": "clone copy duplicate reopen revive",
            "upload": "upload attach store save",
            "summarize": "summarize summarise summary total totals sum count many average mean overall pipeline"
            " altogether",
            "amount": "amount amounts worth value price size figure",
            "name": "name names named called titled",
            "email": "email e-mail mail",
            "probability": "probability likelihood chance odds",
            "owner": "owner owns owned",
            "stage": "stage stages phase",
            "status": "status state",
            "close": "close closes closing",
            "valid": "valid validity expires expire expiry runs",
        }.items()
        for word in words.split()
    }
)
"""Words that mean the same thing in an office, each to the word that the tools use."""

RECORD_NOUNS = frozenset(
    {"opportunity", "client", "contact", "quote", "contract", "document", "note", "staff", "company"}
)
"""Canonical words for the kinds of record."""

WRITING_VERBS = frozenset({"create", "modify", "cancel", "delete", "clone", "upload"})
"""Canonical verbs of tools that change something."""


@functools.lru_cache(maxsize=8192)
def canonical(word: str) -> str:
    """Return the word that stands for ``word`` (lower case) in cues: its common synonym, else its stem.

    Example:
        >>> canonical("deals"), canonical("moving"), canonical("invoice")
        ('opportunity', 'modify', 'invoic')
    """
    for spelled in dict.fromkeys((word, spell(word))):
        stemmed = stem(spelled)
        for candidate in (spelled, stemmed, stemmed + "e"):
            if candidate in SYNONYMS:
                return SYNONYMS[candidate]
    return stem(spell(word))


def is_writing(tool: str) -> bool:
    """Tell whether a tool's name says that it changes something.

    Example:
        >>> is_writing("add_note"), is_writing("client_search")
        (True, False)
    """
    return any(canonical(word) in WRITING_VERBS for word in tool.split("_")[:1])


@functools.lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """Return ``word`` (lower case) without its inflection.

    Source: the Porter2 stemmer for English (Snowball).

    Example:
        >>> stem("quotes"), stem("renewal"), stem("gas")
        ('quot', 'renew', 'gas')
    """
    return _STEMMER.stemWord(word)


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...  # noqa: N802 - the package's own name


_STEMMER: _Stemmer = EnglishStemmer()
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_SHORTEST_TYPO = 4  # letters; shorter words have too many neighbours
_SHORTEST_SLIP = 3  # letters; of such words, only swapped letters are read through ("adn")


@functools.lru_cache(maxsize=8192)
def spell(word: str) -> str:
    """Return ``word`` (lower case), or the ordinary word that it is a slip of: one letter off, or two swapped.

    Example:
        >>> spell("deasl"), spell("waht"), spell("amber")
        ('deals', 'what', 'amber')
    """
    if len(word) < _SHORTEST_SLIP or word in _ORDINARY or not word.isalpha():
        return word
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    swapped = [head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1]
    if len(word) < _SHORTEST_TYPO:
        return next((candidate for candidate in swapped if candidate in FILLERS), word)
    dropped = [head + tail[1:] for head, tail in cuts if tail]
    replaced = [head + letter + tail[1:] for head, tail in cuts if tail for letter in _ALPHABET]
    inserted = [head + letter + tail for head, tail in cuts for letter in _ALPHABET]
    for candidates in (swapped, dropped, inserted, replaced):
        for candidate in candidates:
            if candidate in _ORDINARY and len(candidate) >= _SHORTEST_TYPO:
                return candidate
    return word


_ORDINARY = frozenset(SYNONYMS) | FILLERS | OPENERS
