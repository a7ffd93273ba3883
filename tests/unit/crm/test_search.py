"""Searches take criteria in every documented form, and say what is wrong with any other."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest

from atlas.crm.fields import FieldDef, FieldKind
from atlas.crm.records import ErrorCode, ToolError
from atlas.crm.store import Operator
from atlas.crm.tools.search import operators_of
from atlas.crm.wording import quoted

Call = Callable[..., dict[str, object]]
Fail = Callable[..., ToolError]


def found(data: dict[str, object], field: str = "opportunity_id") -> list[object]:
    rows = data["results"]
    assert isinstance(rows, list)
    return [row[field] for row in rows]


def rows_of(data: dict[str, object]) -> list[dict[str, object]]:
    """Return the results of a search."""
    return cast("list[dict[str, object]]", data["results"])


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        ({}, ["o1", "o2", "o3"]),
        ({"criteria": {}}, ["o1", "o2", "o3"]),
        ({"criteria": None, "name": None}, ["o1", "o2", "o3"]),
        ({"name": "badge"}, ["o1", "o2"]),
        ({"criteria": {"name": "BADGE"}}, ["o1", "o2"]),
        ({"criteria": {"name": "badge"}, "stage": "Proposal"}, ["o1"]),
        ({"name": {"equals": "badge upgrade"}}, ["o1"]),
        ({"name": {"equals": "badge"}}, []),
        ({"name": {"in": ["Cold Store", "badge upgrade"]}}, ["o1", "o3"]),
        ({"stage": "Closed-Won"}, ["o2"]),
        ({"stage": {"in": ["Prospecting", "Proposal"]}}, ["o1", "o3"]),
        ({"amount": 2500.5}, ["o2"]),
        ({"amount": {"equals": 5000.0}}, ["o3"]),
        ({"amount": {"gte": 5000}}, ["o1", "o3"]),
        ({"amount": {"gte": 2500.5, "lte": 5000}}, ["o2", "o3"]),
        ({"amount": {"in": [5000, 10_000]}}, ["o1", "o3"]),
        ({"amount": {"gte": -1e12}}, ["o1", "o2", "o3"]),
        ({"probability": {"lte": 60}}, ["o1"]),
        ({"close_date": {"lte": "2026-03-01"}}, ["o2"]),
        ({"close_date": "2026-05-01"}, ["o1"]),
        ({"owner": "M.Okafor"}, ["o1"]),
        ({"owner": {"contains": "lin"}}, ["o2"]),
        ({"client_id": "c2"}, ["o3"]),
        ({"client_id": "c9"}, []),
        ({"opportunity_id": {"in": ["o3", "o1", "o9"]}}, ["o1", "o3"]),
        ({"order_by": "amount"}, ["o2", "o3", "o1"]),
        ({"order_by": "-amount"}, ["o1", "o3", "o2"]),
        ({"order_by": "close_date"}, ["o2", "o1", "o3"]),
        ({"order_by": "-close_date"}, ["o1", "o2", "o3"]),
        ({"order_by": "-opportunity_id"}, ["o3", "o2", "o1"]),
        ({"order_by": "client_id"}, ["o1", "o2", "o3"]),
        ({"order_by": "-client_id"}, ["o3", "o1", "o2"]),
    ],
    ids=str,
)
def test_criteria_find_what_they_say(call: Call, arguments: dict[str, object], ids: list[str]) -> None:
    """Plain values, operators, wrapped or not; empty values last; ids break ties."""
    data = call("opportunity_search", **arguments)
    assert (found(data), data["total"]) == (ids, len(ids))


def test_the_limit_cuts_and_the_total_counts_all(call: Call) -> None:
    """A page is not everything."""
    data = call("opportunity_search", order_by="-amount", limit=1)
    assert (found(data), data["total"]) == (["o1"], 3)


def test_searches_see_what_the_episode_has_changed(call: Call) -> None:
    """New, changed and unchanged rows are found together, in order."""
    call("modify_opportunity", opportunity_id="o1", amount=4_000)
    call("modify_opportunity", opportunity_id="o3", name="Badge Annex")
    new = call("create_new_opportunity", name="Badge X", client_id="c1", amount=4_500, stage="Proposal")
    data = call("opportunity_search", name="badge", order_by="-amount")
    assert found(data, "name") == ["Badge Annex", "Badge X", "Badge Upgrade", "Badge Renewal"]
    assert data["total"] == 4
    assert found(call("opportunity_search", name="badge", order_by="-amount", limit=2), "amount") == [5_000, 4_500]
    assert new["opportunity_id"] in found(call("opportunity_search", amount={"gte": 4_500, "lte": 4_500}))


@pytest.mark.parametrize(
    ("created", "count"),
    [
        ("2026-03-02", 1),
        ("2026-03-01", 0),
        ({"gte": "2026-03-02"}, 1),
        ({"lte": "2026-03-02"}, 1),
        ({"lte": "2026-03-01"}, 0),
        ({"gte": "2026-03-03"}, 0),
    ],
    ids=str,
)
def test_a_day_means_all_of_that_day(call: Call, created: object, count: int) -> None:
    """Points in time are searched by day; records without one are not found."""
    call("create_new_client", name="New", email="n@n.example", status="Active")
    assert call("client_search", created_date=created)["total"] == count


def test_contacts_and_clients_are_found_by_parts_of_their_names(call: Call) -> None:
    """Every kind of record is searched in the same way."""
    assert found(call("contact_search", first_name="ad", last_name="moo"), "contact_id") == ["k1"]
    assert found(call("client_search", email="halden"), "client_id") == ["c1"]


@pytest.mark.parametrize(
    ("arguments", "code", "field", "message"),
    [
        (
            {"opportunity_name": "x"},
            "unknown_argument",
            "opportunity_name",
            "unknown argument `opportunity_name`; did you mean `name`?",
        ),
        (
            {"criteria": {"client": "x"}},
            "unknown_argument",
            "client",
            "unknown argument `client`; did you mean `client_id`?",
        ),
        ({"criteria": [1]}, "invalid_type", "criteria", "`criteria` must be an object, not a list"),
        (
            {"criteria": {"name": "a"}, "name": "b"},
            "mismatch",
            "name",
            "`name` is given twice, in `criteria` and on its own; give it once",
        ),
        ({"name": ""}, "blank", "name", "`name` must not be blank"),
        ({"name": 5}, "invalid_type", "name", "`name` must be a text, not a number: 5"),
        ({"name": {}}, "blank", "name", "`name` has no operator; allowed: contains, equals, in, empty"),
        (
            {"name": {"like": "x"}},
            "unknown_argument",
            "name",
            "unknown operator `like` for `name`; did you mean `contains`?",
        ),
        (
            {"amount": {"gt": 5}},
            "unknown_argument",
            "amount",
            "unknown operator `gt` for `amount`; did you mean `gte`?",
        ),
        ({"amount": {"gte": "5"}}, "invalid_type", "amount", "`amount` must be a number, not a text: '5'"),
        (
            {"amount": {"gte": float("nan")}},
            "invalid_type",
            "amount",
            "`amount` must be a finite number, not a number: NaN",
        ),
        (
            {"amount": 10**400},
            "out_of_range",
            "amount",
            "`amount` cannot be searched for a number of 1329 bits; no value is that large",
        ),
        ({"amount": 0.001}, "invalid_format", "amount", "`amount` has too many decimals: 0.001"),
        ({"probability": 0.5}, "invalid_format", "probability", "`probability` has too many decimals: 0.5"),
        ({"amount": {"in": 5}}, "invalid_type", "amount", "`amount` must be a list behind `in`, not a number: 5"),
        ({"amount": {"in": []}}, "out_of_range", "amount", "`in` of `amount` takes 1 to 100 values, got 0"),
        ({"amount": {"in": [5, True]}}, "invalid_type", "amount", "`amount` must be a number, not a boolean: true"),
        (
            {"stage": "won"},
            "invalid_enum",
            "stage",
            (
                "`stage` cannot be 'won'; allowed: Prospecting, Qualification, Proposal, Negotiation, Closed-Won, "
                "Closed-Lost"
            ),
        ),
        (
            {"stage": 5},
            "invalid_type",
            "stage",
            (
                "`stage` must be one of Prospecting, Qualification, Proposal, Negotiation, Closed-Won, Closed-Lost, "
                "not a number: 5"
            ),
        ),
        (
            {"close_date": {"gte": "soon"}},
            "invalid_format",
            "close_date",
            "`close_date` is not a date: 'soon'; write it as YYYY-MM-DD",
        ),
        (
            {"order_by": "-amnt"},
            "invalid_enum",
            "order_by",
            (
                "`order_by` cannot be '-amnt'; allowed, with or without a leading -: opportunity_id, name, client_id, "
                "stage, amount, close_date, owner, probability, notes"
            ),
        ),
        ({"order_by": ["amount"]}, "invalid_type", "order_by", "`order_by` must be the name of a field, not a list"),
        ({"limit": 0}, "out_of_range", "limit", "`limit` must be between 1 and 200, got 0"),
        ({"limit": 201}, "out_of_range", "limit", "`limit` must be between 1 and 200, got 201"),
        ({"limit": True}, "invalid_type", "limit", "`limit` must be a whole number, not a boolean: true"),
        ({"limit": 2.5}, "invalid_type", "limit", "`limit` must be a whole number, not a number: 2.5"),
    ],
    ids=quoted,
)
def test_searches_say_what_is_wrong(
    reject: Fail, arguments: dict[str, object], code: str, field: str, message: str
) -> None:
    """Messages are part of the contract."""
    error = reject("opportunity_search", **arguments)
    assert (error.code, error.field, error.message) == (ErrorCode(code), field, message)


@pytest.mark.parametrize(
    ("tool", "arguments", "hint"),
    [
        (
            "opportunity_search",
            {"stage": ["Proposal", "Negotiation"]},
            'to find any of several values, write {"in": ["Proposal", "Negotiation"]}',
        ),
        (
            "opportunity_search",
            {"stage": "Proposal, Negotiation"},
            'to find any of several values, write {"in": ["Proposal", "Negotiation"]}',
        ),
        ("opportunity_search", {"stage": ["x" * 1_000]}, 'to find any of several values, write {"in": [...]}'),
        ("opportunity_search", {"stage": "Open"}, None),
        ("opportunity_search", {"amount": ">5000"}, 'write {"gte": 5000}; the bound itself is included'),
        ("opportunity_search", {"amount": "<= $5k"}, 'write {"lte": 5000}; the bound itself is included'),
        ("contact_search", {"criteria": "Ada"}, 'send a JSON object, not its text, such as {"first_name": "Ada"}'),
        ("quote_search", {"criteria": []}, "send a JSON object, with the names of fields as its keys, such as "),
    ],
    ids=["list", "commas", "long-list", "open", "more", "less", "criteria", "quote-criteria"],
)
def test_what_operators_say_is_told(reject: Fail, tool: str, arguments: dict[str, object], hint: str | None) -> None:
    """Several values and bounds have operators; no guess narrows a search behind somebody's back."""
    told = reject(tool, **arguments).hint
    assert told == hint if hint is None else (told or "").startswith(hint)


def test_the_nearest_order_is_suggested(reject: Fail) -> None:
    """A misspelt field to sort by."""
    assert reject("opportunity_search", order_by="amnt").hint == "did you mean 'amount'?"
    assert reject("opportunity_search", order_by="zzz").hint is None


@pytest.mark.parametrize("kind", list(FieldKind), ids=str)
def test_a_plain_value_means_contains_for_texts_and_equals_for_the_rest(kind: FieldKind) -> None:
    """The first operator of a field is the one that a plain value means."""
    texts = {FieldKind.NAME, FieldKind.TEXT, FieldKind.EMAIL, FieldKind.URL, FieldKind.FILE_NAME}
    first = operators_of(FieldDef("x", kind, "X."))[0]
    assert first is (Operator.CONTAINS if kind in texts else Operator.EQUALS)


def test_pages_lead_through_all_results(call: Call) -> None:
    """Following `next_cursor` shows every result once, in order, and ends with null."""
    everything = call("opportunity_search", order_by="-amount")
    names: list[object] = []
    cursor, pages = None, 0
    while pages == 0 or cursor is not None:
        found = call("opportunity_search", order_by="-amount", limit=2, cursor=cursor)
        names += [row["name"] for row in rows_of(found)]
        assert found["total"] == everything["total"] == 3
        cursor, pages = found["next_cursor"], pages + 1
    assert (pages, names) == (2, [row["name"] for row in rows_of(everything)])


def test_a_cursor_counts_results(call: Call) -> None:
    """A record that is written between two pages shifts the next one by one; the search goes on."""
    first = call("client_search", order_by="name", limit=1)
    call("create_new_client", name="A New One", email="new@one.example", status="Prospect")
    second = call("client_search", order_by="name", limit=1, cursor=first["next_cursor"])
    assert rows_of(second) == rows_of(first)


@pytest.mark.parametrize(
    ("cursor", "code", "message"),
    [
        pytest.param(2, "invalid_type", "`cursor` must be the text that `next_cursor`", id="number"),
        pytest.param("2", "invalid_format", "`cursor` '2' is no cursor; take `next_cursor`", id="text"),
        pytest.param("0-0123456789ab", "invalid_format", "'0-0123456789ab' is no cursor", id="start"),
        pytest.param("2-0123456789ab", "mismatch", "belongs to another search; criteria", id="made-up"),
    ],
)
def test_a_cursor_that_leads_nowhere_is_refused(reject: Fail, cursor: object, code: str, message: str) -> None:
    """A cursor is what a result gave, and only for the search that gave it."""
    error = reject("opportunity_search", cursor=cursor)
    assert (error.code, error.field) == (ErrorCode(code), "cursor")
    assert message in error.message


def test_a_cursor_belongs_to_its_search(call: Call, reject: Fail) -> None:
    """Other criteria, another order or another tool make it another search; another limit does not."""
    assert call("opportunity_search", stage="Proposal", limit=1)["next_cursor"] is None  # there is one such deal
    cursor = call("opportunity_search", limit=1)["next_cursor"]
    assert len(rows_of(call("opportunity_search", limit=2, cursor=cursor))) == 2
    assert reject("opportunity_search", cursor=cursor, stage="Proposal").code is ErrorCode.MISMATCH
    assert reject("opportunity_search", cursor=cursor, order_by="name").code is ErrorCode.MISMATCH
    assert reject("client_search", cursor=cursor).code is ErrorCode.MISMATCH


def test_empty_fields_can_be_searched_for(call: Call, reject: Fail) -> None:
    """Records without an owner, and those with one."""
    without = rows_of(call("opportunity_search", owner={"empty": True}))
    having = rows_of(call("opportunity_search", owner={"empty": False}))
    assert [row["name"] for row in without] == ["Cold Store"]
    assert sorted(str(row["name"]) for row in having) == ["Badge Renewal", "Badge Upgrade"]
    assert reject("opportunity_search", owner={"empty": "yes"}).message.startswith("`owner` must be true or false")
