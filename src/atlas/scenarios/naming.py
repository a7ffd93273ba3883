"""Names of an invented business world: firms, people, towns, products, house words.

Every maker draws from a generator that is passed in and never gives a name twice. The lists are large enough that the
entity pools of the splits, which draw from disjoint shares of them, never run dry.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar
from zlib import crc32

from atlas.core.errors import CorpusError

T = TypeVar("T")

NameDraw: TypeAlias = Callable[[random.Random], str]
"""A way to draw one candidate name."""

_ATTEMPTS = 400  # draws for a fresh name before the lists count as exhausted

_ONSETS = (
    "b", "br", "c", "d", "dr", "f", "g", "gr", "h", "j", "k", "l", "m", "n", "p", "r", "s", "st", "t", "tr", "v", "w",
)  # fmt: skip
_VOWELS = ("a", "e", "i", "o", "u", "a", "e", "o", "ai", "ea")
_CODAS = ("l", "n", "r", "m", "s", "ld", "nd", "rn", "ll", "v", "th")
_FIRM_ENDINGS = (
    "berg", "by", "dale", "den", "ford", "ham", "holm", "ley", "lund", "man", "mark", "mere", "ric", "sen", "son",
    "stad", "ster", "ton", "well", "wick",
)  # fmt: skip
_TOWN_ENDINGS = ("bridge", "burg", "bury", "field", "gate", "haven", "mouth", "port", "stead", "wood")
_ODD_ENDINGS = ("ax", "ek", "ix", "ob", "ort", "uk", "um", "usk", "yl", "oon")

INDUSTRIES: tuple[str, ...] = (
    "Healthcare", "Logistics", "Food Production", "Energy", "Education", "Manufacturing", "Retail", "Insurance",
    "Hospitality", "Construction",
)  # fmt: skip

_FIRM_KINDS = {
    "Healthcare": ("Clinics", "Medical", "Care Group", "Diagnostics", "Hospitals"),
    "Logistics": ("Freight", "Logistics", "Shipping", "Couriers", "Transport"),
    "Food Production": ("Foods", "Bakeries", "Dairy", "Provisions", "Growers"),
    "Energy": ("Energy", "Power", "Renewables", "Grid Services", "Solar"),
    "Education": ("Academy", "Schools", "Learning", "Institute", "College"),
    "Manufacturing": ("Works", "Tooling", "Components", "Castings", "Machines"),
    "Retail": ("Stores", "Outfitters", "Markets", "Trading", "Home"),
    "Insurance": ("Mutual", "Insurance", "Assurance", "Underwriters", "Cover"),
    "Hospitality": ("Hotels", "Resorts", "Catering", "Inns", "Venues"),
    "Construction": ("Builders", "Construction", "Civil", "Contractors", "Joinery"),
}

FIRST_NAMES: tuple[str, ...] = (
    "Ada", "Adrian", "Aisha", "Alba", "Aled", "Amara", "Anouk", "Anton", "Arjun", "Astrid", "Beatriz", "Bela", "Bjorn",
    "Bram", "Brigid", "Callum", "Camille", "Carmen", "Cedric", "Chiara", "Chidi", "Clara", "Cosmin", "Dagny", "Dalia",
    "Damian", "Daria", "Declan", "Deepa", "Diego", "Dilan", "Edith", "Eero", "Elif", "Elin", "Emeka", "Enzo", "Esther",
    "Ewa", "Fabian", "Farah", "Felix", "Fiona", "Florin", "Freya", "Gareth", "Gemma", "Gianni", "Goran", "Greta",
    "Hadi", "Hanna", "Haruki", "Helga", "Hugo", "Ibrahim", "Ilse", "Imani", "Inga", "Irina", "Ivan", "Jamal", "Jana",
    "Jasper", "Joan", "Jonas", "Judit", "Kaito", "Karim", "Katya", "Kenji", "Kira", "Lars", "Latifa", "Leila", "Leon",
    "Linnea", "Lorenzo", "Lucia", "Maeve", "Magnus", "Malik", "Marek", "Mateo", "Meera", "Mila", "Mirko", "Nadia",
    "Naomi", "Nikolai", "Nils", "Noor", "Oksana", "Olga", "Omar", "Orla", "Oskar", "Paloma", "Pavel", "Petra", "Pia",
    "Priya", "Quentin", "Rafael", "Rania", "Renata", "Rhys", "Rosa", "Ruben", "Sabine", "Salma", "Samir", "Sanna",
    "Selma", "Sergei", "Silvia", "Sofia", "Soren", "Stefan", "Sunita", "Tamar", "Tariq", "Teresa", "Thandi", "Tobias",
    "Tomas", "Ulrike", "Vera", "Viktor", "Violeta", "Wanda", "Wei", "Willem", "Xenia", "Yara", "Yusuf", "Zainab",
    "Zoltan", "Zuzana",
)  # fmt: skip

SURNAMES: tuple[str, ...] = (
    "Abara", "Achterberg", "Adeyemi", "Albrecht", "Almeida", "Andersen", "Antonescu", "Arslan", "Baptiste", "Barlow",
    "Bauer", "Bergstrom", "Bianchi", "Blanchard", "Boateng", "Bondar", "Borges", "Brandt", "Brennan", "Byrne",
    "Calderon", "Carver", "Castellan", "Chaudhry", "Cisneros", "Corrigan", "Costa", "Czerny", "Dahl", "Danso",
    "Delacroix", "Demir", "Desai", "Dijkstra", "Dobrev", "Dufour", "Eklund", "Engel", "Eriksen", "Falk", "Farouk",
    "Fekete", "Ferrante", "Fialho", "Fontaine", "Friis", "Gallagher", "Garrido", "Gashi", "Gerber", "Grabowski",
    "Gruber", "Gunnarsson", "Haddad", "Halloran", "Hamdi", "Hansson", "Havel", "Heikkinen", "Hofer", "Horvat", "Ibarra",
    "Ilic", "Iqbal", "Ivarsson", "Iwata", "Jablonski", "Jansen", "Jensen", "Jovanovic", "Kaminski", "Kapoor", "Karlsen",
    "Katz", "Keller", "Khalil", "Kovacs", "Kowalczyk", "Kruger", "Kuipers", "Lacroix", "Laine", "Lambert", "Larsen",
    "Lefevre", "Lindqvist", "Lombardi", "Lovell", "Lucas", "Madsen", "Maier", "Malone", "Mancini", "Marchetti",
    "Matsuda", "Mazur", "Mensah", "Mercier", "Mishra", "Moreau", "Morita", "Mulder", "Nagy", "Nakagawa", "Navarro",
    "Nemeth", "Nieminen", "Novak", "Nunes", "Nyberg", "Obrien", "Okafor", "Okonkwo", "Oliveira", "Olsen", "Onyango",
    "Orlov", "Osei", "Ostrowski", "Otieno", "Palmgren", "Papadakis", "Pereira", "Petrov", "Pichler", "Popescu",
    "Prochazka", "Quintero", "Rahman", "Rasmussen", "Reyes", "Ricci", "Roche", "Rossi", "Ruiz", "Saarinen", "Salazar",
    "Sandoval", "Santoro", "Sato", "Sauer", "Schuster", "Serrano", "Shapiro", "Simic", "Sorensen", "Soto", "Stoica",
    "Suarez", "Svensson", "Szabo", "Takeda", "Tanaka", "Teixeira", "Thorne", "Tiwari", "Toivonen", "Toth", "Tran",
    "Urbina", "Vasquez", "Verhoeven", "Vidal", "Vogel", "Voss", "Wachter", "Walsh", "Weiss", "Wexler", "Whelan",
    "Winkler", "Wolff", "Yamada", "Yildiz", "Zanetti", "Zelenko", "Zimmer", "Zubiri",
)  # fmt: skip

TITLES: tuple[str, ...] = (
    "Head of Procurement", "Finance Director", "Operations Manager", "IT Manager", "Purchasing Officer",
    "Plant Manager", "Chief of Staff", "Facilities Manager", "Office Manager", "Quality Manager", "Project Manager",
    "Warehouse Manager",
)  # fmt: skip

PRODUCT_AREAS: tuple[str, ...] = (
    "Cold Chain", "Badge Access", "Fleet Tracking", "Payroll", "Energy Metering", "Visitor Desk", "Shift Planning",
    "Air Quality", "Label Printing", "Intranet", "Video Archive", "Spare Parts", "Fire Safety", "Water Treatment",
    "Route Planning", "Data Backup", "Patient Portal", "Queue Management", "Forklift", "Packaging Line", "Meeting Room",
    "Customer Survey", "Expense Claims", "Waste Sorting", "Call Center", "Parking", "Inventory Scanner", "Lighting",
    "Training Portal", "Web Shop", "Boiler Room", "Loading Dock", "Document Archive", "Gift Card", "Sensor Network",
    "Print Fleet", "Tool Crib", "Crane Control", "Help Desk", "Supplier Portal", "Canteen", "Loyalty Program",
    "Contract Archive", "Conveyor", "Weighbridge", "Cash Desk", "Locker", "Charging Station", "Guest Wifi",
    "Compressed Air", "Recruiting", "Yard Management", "Lab Equipment", "Time Clock", "Signage", "Cooling Tower",
)  # fmt: skip

PRODUCT_KINDS: tuple[str, ...] = (
    "Rollout", "Upgrade", "Renewal", "Pilot", "Expansion", "Replacement", "Integration", "Audit", "Migration",
    "Maintenance Plan", "Retrofit", "Starter Package", "Extension", "Relocation", "Modernization", "Trial", "Overhaul",
    "Service Contract", "Refresh", "Consolidation", "Assessment", "Framework", "Second Phase", "Handover", "Redesign",
    "Standardization", "Outsourcing", "Spare Set", "Workshop Series", "Licence Pack", "Feasibility Study",
    "Support Plan",
)  # fmt: skip

NATURAL_WORDS: tuple[str, ...] = (
    "amber", "green light", "simmering", "on ice", "in the oven", "parked", "warm", "home stretch", "launchpad",
    "half-time", "crossroads", "blue lane", "doorstep", "slow lane", "orbit", "harvest", "backbench", "greenhouse",
    "waiting room", "front row", "red zone", "first gear", "top shelf", "quiet corner", "fast lane", "lighthouse",
    "kitchen table", "back burner", "runway", "tailwind",
)  # fmt: skip
"""House nicknames that are English words, none of which says by itself what it stands for."""


def syllable(rng: random.Random) -> str:
    """Return a syllable, in lower case."""
    return rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS)


def opaque_word(rng: random.Random) -> str:
    """Return an invented word that means nothing, in lower case.

    Example:
        >>> opaque_word(random.Random(1)).isalpha()
        True
    """
    return syllable(rng) + rng.choice(_ONSETS) + rng.choice(_ODD_ENDINGS)


def plain_ascii(text: str) -> str:
    """Return ``text`` in lower-case ASCII letters and digits, as user names and domains are written.

    Example:
        >>> plain_ascii("Åsa O'Neill")
        'asaoneill'
    """
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "".join(char for char in folded.lower() if char.isalnum())


def handle_of(first_name: str, last_name: str) -> str:
    """Return the handle that a colleague of that name has.

    Example:
        >>> handle_of("Mara", "Okafor")
        'm.okafor'
    """
    return f"{plain_ascii(first_name)[:1]}.{plain_ascii(last_name)}"


class NoFreshNameError(CorpusError):
    """Every name that was drawn is taken."""


class NameMaker:
    """Draws names that nobody has yet.

    Args:
        rng: Where the draws come from.
        taken: Names given out so far, folded to lower case; shared by all makers of one company.
        share: Which of how many shares of all names it draws from; makers with different shares never meet.
    """

    def __init__(self, rng: random.Random, taken: set[str], share: tuple[int, int] = (0, 1)) -> None:
        self._rng = rng
        self._taken = taken
        self._share = share

    def fresh(self, make: NameDraw, *, of_share: bool = False) -> str:
        """Return the first result of ``make`` that is not taken, and take it.

        Args:
            make: Draws a candidate.
            of_share: Whether it has to be of this maker's own share of all names.

        Raises:
            NoFreshNameError: no fresh name turned up; the lists are too short for what is asked of them.
        """
        for _ in range(_ATTEMPTS):
            name = make(self._rng)
            if name.casefold() not in self._taken and (not of_share or self._is_in_share(name)):
                self._taken.add(name.casefold())
                return name
        raise NoFreshNameError(f"no fresh name after {_ATTEMPTS} draws; the word lists are too short for so many")

    def _is_in_share(self, name: str) -> bool:
        place, shares = self._share
        return shares == 1 or crc32(name.split(" ", maxsplit=1)[0].casefold().encode()) % shares == place

    def claim(self, name: str) -> bool:
        """Take ``name`` if nobody has it; tell whether that worked."""
        free = name.casefold() not in self._taken
        self._taken.add(name.casefold())
        return free

    def firm(self, industry: str) -> str:
        """Return the name of a firm in ``industry`` that is no part of another name, nor another one of it."""
        kind = self._rng.choice(_FIRM_KINDS[industry])
        return self.fresh(
            lambda rng: self._unmistakable(f"{syllable(rng)}{rng.choice(_FIRM_ENDINGS)}".capitalize(), kind),
            of_share=True,
        )

    def _unmistakable(self, root: str, kind: str) -> str:
        """Return the full name, or that of a firm which has it already where one would be taken for the other."""
        full, folded = f"{root} {kind}", root.casefold()
        others = (
            name for name in self._taken if name.split(" ")[0].endswith(folded) or folded.endswith(name.split(" ")[0])
        )
        return next(others, full)

    def sister_firm(self, firm: str, industry: str) -> str:
        """Return another firm's name that starts like ``firm``: the near-duplicate that a careless search picks."""
        root = firm.split(" ", maxsplit=1)[0]
        others = [kind for kind in _FIRM_KINDS[industry] if f"{root} {kind}" != firm]
        return f"{root} {self._rng.choice(others)}"

    def town(self) -> str:
        """Return the name of a town."""
        return self.fresh(lambda rng: (syllable(rng) + rng.choice(_TOWN_ENDINGS)).capitalize(), of_share=True)

    def opaque(self) -> str:
        """Return a word that means nothing anywhere."""
        return self.fresh(opaque_word, of_share=True)

    def code(self) -> str:
        """Return a code of three capital letters, as house codes in file names and prefixes are."""
        return self.fresh(lambda rng: "".join(rng.choice("BCDFGHJKLMNPQRSTVWXZ") for _ in range(3)))


def share(items: Sequence[T], rng: random.Random, weights: Sequence[int]) -> tuple[tuple[T, ...], ...]:
    """Return ``items`` shuffled and dealt into disjoint shares in proportion to ``weights``.

    Example:
        >>> [len(part) for part in share(range(10), random.Random(1), (6, 1, 3))]
        [6, 1, 3]
    """
    shuffled = list(items)
    rng.shuffle(shuffled)
    total = sum(weights)
    shares: list[tuple[T, ...]] = []
    start = 0
    dealt = 0
    for weight in weights:
        dealt += weight
        end = len(shuffled) * dealt // total
        shares.append(tuple(shuffled[start:end]))
        start = end
    return tuple(shares)
