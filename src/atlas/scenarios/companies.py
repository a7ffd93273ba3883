"""Companies: a seed becomes staff, unwritten rules and a few hundred records of a believable shape.

The clients are dealt into disjoint pools, one per split; what belongs to a client belongs to its pool, and pools share
neither product names nor the names of people.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from atlas.core.errors import CorpusError
from atlas.core.ids import content_id
from atlas.core.records import record
from atlas.core.rng import derive_rng, derive_seed
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Entity, Row, StaffDirectory, StaffMember
from atlas.crm.validation_rules import ValidationRule
from atlas.scenarios.conventions import Convention
from atlas.scenarios.conventions.drawing import DrawingContext, draw_conventions
from atlas.scenarios.enforcement import world_rules
from atlas.scenarios.house import House
from atlas.scenarios.naming import FIRST_NAMES, PRODUCT_AREAS, SURNAMES, NameMaker, share
from atlas.scenarios.paperwork import write_paperwork, write_reference_companies
from atlas.scenarios.portfolio import PoolWriter, Setting, StoredRow, Vocabularies, rows_by_entity
from atlas.scenarios.staffing import draw_staff
from atlas.verify.goals import Split

SKELETON_SIZE = 600  # records, about
SMALLEST_SIZE, LARGEST_SIZE = 200, 5000  # records

POOLS: tuple[Split, ...] = (
    Split.STREAM,
    Split.DEV,
    Split.TEST_SAME,
    Split.TEST_NEW_FAMILY,
    Split.TEST_RENAMED,
    Split.AUDIT,
)
"""The splits of the company that is learned from; each has clients of its own."""

ELSEWHERE: tuple[Split, ...] = (Split.TEST_NEW_COMPANY,)
"""The split of a company that nobody has learned from."""

_POOL_WEIGHTS: Mapping[Split, int] = {
    Split.STREAM: 9,
    Split.DEV: 4,
    Split.TEST_SAME: 7,
    Split.TEST_NEW_FAMILY: 4,
    Split.TEST_RENAMED: 3,
    Split.AUDIT: 3,
    Split.TEST_NEW_COMPANY: 1,
}
_RECORDS_PER_CLIENT = 8
_FEWEST_CLIENTS = 24
_REFERENCE_COMPANIES = 8
_FIRST_DAY = date(2026, 1, 5)
_DAYS_TO_DRAW = 600


@record
class CompanyFile:
    """A company as it is written to disk: everything that cannot be derived from the rest."""

    seed: int
    reskin: int | None
    tenant: str
    name: str
    directory: StaffDirectory
    conventions: tuple[Convention, ...]
    pools: Mapping[Split, tuple[str, ...]]
    rows: Mapping[Entity, tuple[Row, ...]]


@dataclasses.dataclass(frozen=True, slots=True)
class Company:
    """A company to play in.

    Attributes:
        file: What it is made of.
        base: Its rows, ready to be forked.
        rules: The enforced conventions as rules of the world.
    """

    file: CompanyFile
    base: FrozenBase
    rules: tuple[ValidationRule, ...]

    @property
    def seed(self) -> int:
        """The seed that it was generated from."""
        return self.file.seed

    @property
    def tenant(self) -> str:
        """Opaque id, the scope of what is learned there."""
        return self.file.tenant

    @property
    def name(self) -> str:
        """What the company calls itself."""
        return self.file.name

    @property
    def directory(self) -> StaffDirectory:
        """The colleagues, and the first day of the company's cases."""
        return self.file.directory

    @property
    def conventions(self) -> tuple[Convention, ...]:
        """The unwritten rules, ordered by kind."""
        return self.file.conventions


def build_company(file: CompanyFile) -> Company:
    """Return the company that ``file`` describes."""
    return Company(file, FrozenBase.build(dict(file.rows)), world_rules(file.conventions))


def generate_company(
    seed: int, *, size: int = SKELETON_SIZE, reskin: int | None = None, pools: Sequence[Split] = POOLS
) -> Company:
    """Return the company of ``seed``; equal arguments give equal companies.

    Args:
        seed: Draws everything.
        size: Number of records, roughly.
        reskin: Where given, the house words, phrases and parameters are drawn afresh from this seed too, invented
            words only; the accounts and the kinds of conventions stay.
        pools: The splits among which the clients are dealt.

    Raises:
        CorpusError: ``size`` is not between 200 and 5000.
    """
    if not SMALLEST_SIZE <= size <= LARGEST_SIZE:
        raise CorpusError(f"a company has {SMALLEST_SIZE} to {LARGEST_SIZE} records, not {size}")
    taken: set[str] = set()
    names = NameMaker(derive_rng(seed, "names"), taken)
    today = _draw_today(seed)
    staff = draw_staff(derive_rng(seed, "staff"), names)
    rng = derive_rng(seed, "house") if reskin is None else derive_rng(seed, "house", "reskin", reskin)
    context = DrawingContext(staff, derive_rng(seed, "mix"), reskinned=reskin is not None)
    conventions = draw_conventions(rng, NameMaker(rng, taken), context)
    setting = Setting(today, House(conventions), staff)
    dealt: dict[Split, tuple[str, ...]] = dict.fromkeys(pools, ())
    rows = rows_by_entity(_write_rows(seed, setting, max(size // _RECORDS_PER_CLIENT, _FEWEST_CLIENTS), dealt, taken))
    file = CompanyFile(
        seed=seed,
        reskin=reskin,
        tenant=content_id("tn", [seed, reskin]),
        name=names.firm("Manufacturing"),
        directory=StaffDirectory(today, staff),
        conventions=conventions,
        pools=dealt,
        rows={entity: tuple(entries) for entity, entries in rows.items()},
    )
    return build_company(file)


def pool_words(seed: int, staff: Sequence[StaffMember], pools: Sequence[Split] = POOLS) -> Mapping[Split, Vocabularies]:
    """Return the words that the names in each pool of a company are made of; pools share none.

    Args:
        seed: The company's.
        staff: Its colleagues; nobody outside has the first name of one of them.
        pools: The splits among which the clients are dealt.
    """
    weights = [_POOL_WEIGHTS[pool] for pool in pools]
    inside = {member.name.split(" ")[0] for member in staff}
    first_names, surnames, areas = (
        share([word for word in words if word not in inside], derive_rng(seed, "words", place), weights)
        for place, words in enumerate((FIRST_NAMES, SURNAMES, PRODUCT_AREAS))
    )
    return {pool: Vocabularies(first_names[place], surnames[place], areas[place]) for place, pool in enumerate(pools)}


def _draw_today(seed: int) -> date:
    day = _FIRST_DAY + timedelta(days=derive_rng(seed, "today").randrange(_DAYS_TO_DRAW))
    return day - timedelta(days=max(day.weekday() - 4, 0))


def _write_rows(
    seed: int, setting: Setting, clients: int, pools: dict[Split, tuple[str, ...]], taken: set[str]
) -> Iterator[tuple[Entity, StoredRow]]:
    words = pool_words(seed, setting.staff, tuple(pools))
    weights = [_POOL_WEIGHTS[pool] for pool in pools]
    counts = [len(part) for part in share(range(clients), derive_rng(seed, "counts"), weights)]
    for place, pool in enumerate(list(pools)):
        writer = PoolWriter(derive_seed(seed, "pool", pool.value), taken, setting, words[pool])
        written = list(writer.write(counts[place]))
        pools[pool] = tuple(str(row["client_id"]) for entity, row in written if entity is Entity.CLIENT)
        yield from written
        deals = [row for entity, row in written if entity is Entity.OPPORTUNITY]
        yield from write_paperwork(derive_rng(seed, "paper", pool.value), setting, deals)
    rng = derive_rng(seed, "reference companies")
    yield from write_reference_companies(rng, NameMaker(rng, taken), _REFERENCE_COMPANIES)
