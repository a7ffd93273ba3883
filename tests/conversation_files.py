"""Files in the public conversation format: builders for tests, a made-up file, and the public one where it is there.

The public file is not part of the repository. Tests run on every file that there is, so that none has to be skipped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Json = dict[str, Any]

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
PUBLIC_FILE = SHARED / "clbench" / "conversations_100.jsonl"
PUBLISHED_SCHEMA = SHARED / "crm_schema.json"

DAY = "2025-11-12"
CLIENT = "0b6f4c5e-5f0a-4b7e-9d3c-6f5c1a2b3c4d"
OTHER_CLIENT = "1c7e5d6f-601b-4c8f-8e4d-706d2b3c4d5e"
DEAL = "2d8f6e70-712c-4d90-9f5e-817e3c4d5e6f"
QUOTES = ("3e907f81-823d-4ea1-a06f-928f4d5e6f70", "4fa18092-934e-4fb2-b170-a3905e6f7081")
CONTACT = "50b291a3-a45f-40c3-8281-b4a16f708192"


def turn(number: int, said: str, tool: str | None, arguments: Mapping[str, Any] | None = None, **more: Any) -> Json:  # noqa: ANN401 - any JSON
    """Return a turn with every documented key; ``more`` replaces or adds keys."""
    told = more.pop("told", "Done.")
    return {
        "turn_id": number,
        "user_utterance": said,
        "expected_tool": tool,
        "expected_args": dict(arguments or {}),
        "references_previous_turns": [],
        "expect_success": True,
        "expected_error_substring": None,
        "failure_category": None,
        "expected_response": {"text": told, "evaluation": "structured", "answers": [told], "requires_judge": False},
        **more,
    }


def conversation(name: str, turns: Iterable[Json], seeds: Mapping[str, Any] | None = None, **more: Any) -> Json:  # noqa: ANN401 - any JSON
    """Return a conversation with every documented key; ``more`` replaces or adds keys."""
    seed_data = {"Client": {}, "Contact": {}, "Opportunity": {}, "Quote": {}, "Contract": {}, **(seeds or standard())}
    return {
        "conversation_id": name,
        "workflow_category": "General",
        "complexity_level": "simple",
        "turns": list(turns),
        "initial_entities": {"seed_data": seed_data},
        "final_expected_state": {},
        "success_criteria": "all_turns",
        "contains_failure": False,
        "failure_turn": None,
        "verification_mode": "database",
        "chain_id": None,
        "segment_number": None,
        "segment_boundaries": None,
        "expected_outcome": None,
        "cumulative_context": {},
        **more,
    }


def standard() -> dict[str, Json]:
    """Return seeds: two clients, a contact, a deal with two quotes."""
    return {
        "Client": {
            CLIENT: {"name": "Hallén & Söhne", "email": "kontakt@hallen.example", "status": "Active"},
            OTHER_CLIENT: {
                "name": "Birch Textiles",
                "email": "desk@birch.example",
                "status": "Prospect",
                "owner": "Kim",
            },
        },
        "Contact": {CONTACT: {"first_name": "Zoë", "last_name": "Ng", "client_id": CLIENT}},
        "Opportunity": {
            DEAL: {
                "name": "Loom Refit",
                "client_id": CLIENT,
                "stage": "Proposal",
                "amount": 48000.5,
                "probability": 50.0,
            }
        },
        "Quote": {
            QUOTES[0]: {"opportunity_id": DEAL, "amount": 40000, "status": "Draft", "version": "1"},
            QUOTES[1]: {"opportunity_id": DEAL, "amount": 42000, "status": "Sent", "version": "2"},
        },
    }


def without(item: Json, *keys: str) -> Json:
    """Return ``item`` without ``keys``."""
    return {key: value for key, value in item.items() if key not in keys}


def made_up() -> list[Json]:
    """Return conversations that hold what the public sample does not: failures, chains, odd seeds, missing keys."""
    stage = turn(2, "Move it to Negotiation", "modify_opportunity", {"opportunity_id": DEAL, "updates": {}})
    stage["expected_args"]["updates"] = {"stage": "Negotiation", "amount": "{{turn_1.amount}}"}
    opened = {"name": "Dye Line", "client_id": "{{turn_1.client_id}}", "stage": "Prospecting", "amount": 12500.0}
    quote = {"opportunity_id": "{{turn_2.opportunity_id}}", "amount": 11000, "status": "Draft"}
    return [
        conversation(
            "search then change",
            [turn(1, "Find Loom Refit", "opportunity_search", {"criteria": {"name": "Loom Refit"}}), stage],
            told_twice={"nested": [1, 2.0, "ü\u2028", None]},
        ),
        conversation(
            "a chain of new records",
            [
                turn(1, "Find Birch Textiles", "client_search", {"name": "Birch"}),
                turn(2, "Open Dye Line in Prospecting for 12,500", "create_new_opportunity", opened),
                turn(3, "Quote {{turn_2.opportunity_id}} at 11000 as Draft", "create_quote", quote),
                turn(4, "Show {{turn_3.quote_id}}", "quote_details", {"quote_id": "{{turn_3.quote_id}}"}),
                turn(5, "Note it", "add_note", _note("{{turn_4.opportunity_id}}", "Quoted {{turn_3.amount}}.")),
            ],
            complexity_level="medium",
            success_criteria="both",
            chain_id="chain-1",
            segment_number=2,
            segment_boundaries=[1, 3],
            cumulative_context={"turns": 4},
            final_expected_state={
                "Quote": {"{{turn_3.quote_id}}": {"amount": 11000.0, "status": "Draft"}},
                "Opportunity": [{"name": "Dye Line", "stage": "Prospecting"}],
                "Contract": {},
            },
        ),
        conversation(
            "a failure that is meant",
            [
                turn(
                    1,
                    "Quote the deal at zero",
                    "create_quote",
                    {"opportunity_id": DEAL, "amount": 0, "status": "Draft"},
                    expect_success=False,
                    expected_error_substring="AMOUNT",
                    failure_category="enum",
                ),
                turn(2, "Cancel the draft", "cancel_quote", {"quote_id": QUOTES[0]}),
            ],
            contains_failure=True,
            failure_turn=1,
            success_criteria="final_state",
        ),
        conversation(
            "nothing to refer to",
            [
                turn(1, "Find Nobody", "contact_search", {"criteria": {"last_name": "Nobody"}}),
                turn(2, "Make them CEO", "modify_contact", {"contact_id": "{{turn_1.contact_id}}", "title": "CEO"}),
                turn(3, "Find {company_name}", "client_search", {"criteria": {"name": "{company_name}"}}),
                turn(4, "Set the amount to {amount}", "modify_quote", {"quote_id": QUOTES[0], "amount": "{amount}"}),
                turn(5, "Attach it", "upload_document", {**_file(), "document_url": "https://files.example/a.pdf"}),
                turn(6, "Thanks!", None),
            ],
            complexity_level="complex",
        ),
        conversation("empty seeds", [turn(1, "How much is open?", "summarize_opportunities")], seeds={"Client": {}}),
        {
            "conversation_id": "bare",
            "turns": [{"turn_id": 1, "user_utterance": "List clients", "expected_tool": "client_search"}],
        },
        conversation(
            "odd seeds",
            [turn(1, "Show the deal", "view_opportunity_details", {"opportunity_id": "deal-7"})],
            seeds={
                "Client": {
                    "c-1": {"name": "Old Co", "email": "A@old.example"},
                    "c-2": {"name": "Old Co", "email": "a@OLD.example"},
                },
                "Opportunity": {
                    "deal-7": {"name": "No Client", "client_id": "gone", "amount": "a lot", "stage": "Dreaming"}
                },
                "Quote": {"q-1": {"amount": 10.005, "colour": "red", "version": 2}},
                "Invoice": {"i-1": {"total": 5}},
            },
        ),
    ]


def spelled(items: Iterable[Json], **options: Any) -> bytes:  # noqa: ANN401 - what json.dumps takes
    """Return a file that holds ``items``, spelled as ``json.dumps`` does with ``options``."""
    return "".join(json.dumps(item, **options) + "\n" for item in items).encode()


def available_files() -> dict[str, bytes]:
    """Return every file that tests can run on: the made-up one, and the public one where it is there."""
    public = {"public": PUBLIC_FILE.read_bytes()} if PUBLIC_FILE.exists() else {}
    return {"made up": spelled(made_up()), **public}


def _note(deal: str, text: str) -> Json:
    return {"entity_type": "Opportunity", "entity_id": deal, "content": text}


def _file() -> Json:
    return {"entity_type": "Opportunity", "entity_id": DEAL, "file_name": "a.pdf"}
