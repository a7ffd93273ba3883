"""What people and models call the arguments of a CRM: one table for all tools. ``synonyms`` reads it.

A term counts only for a call that has all of its arguments, so one table serves every tool: ``value`` means ``amount``
on an opportunity, while a contract has a ``value`` of its own. Terms further up go first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from atlas.core.records import record

CRITERIA: Final = "criteria"
"""The argument that tells the form of a search: only there does ``min_amount`` mean a criterion."""


@record
class Term:
    """What some words mean.

    Attributes:
        arguments: The arguments meant, all of which a call must have; none where no argument stands for the words.
        words: The words in small letters, with underscores between them; operators also as the signs that they are.
        advice: What else there is to know.
    """

    arguments: tuple[str, ...]
    words: tuple[str, ...]
    advice: str = ""


RECORD_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "client": ("account", "customer", "company", "organization", "organisation", "org", "business", "prospect"),
    "contact": ("person", "contact_person"),
    "opportunity": ("deal", "opp", "oppty", "lead"),
    "quote": ("quotation", "estimate", "offer", "proposal"),
    "contract": ("agreement",),
    "company": ("organization", "organisation", "partner", "vendor", "competitor"),
    "document": ("file", "attachment", "doc"),
    "note": ("comment", "remark"),
    "staff": ("colleague", "employee", "user", "member"),
}
"""What each kind of record is also called."""

BOUND_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "gte": (
        *("gte", "gt", "ge", "min", "minimum", "from", "after", "since", "start", "over", "above", "at_least"),
        *("greater_than", "more_than", "lower_bound"),
    ),
    "lte": (
        *("lte", "lt", "le", "max", "maximum", "to", "before", "until", "till", "end", "under", "below", "at_most"),
        *("less_than", "by", "upper_bound"),
    ),
    "contains": ("contains", "like", "ilike", "containing", "includes", "matches", "starts_with", "search", "part"),
    "in": ("in", "any_of", "one_of", "list"),
    "equals": ("equals", "equal", "eq", "is", "exact", "exactly"),
    "empty": ("empty", "is_null", "isnull", "is_empty", "is_missing", "null", "missing", "blank", "unset", "is_none"),
}
"""What people put before or behind the name of a field where a search has an operator; its own name comes first."""


ID_WORDS: Final = ("id", "ids", "uuid", "guid", "record_id", "object_id", "number", "ref", "reference", "key")
"""What people call the id of the very record that a call is about."""


def _id_term(noun: str, search: str) -> Term:
    nouns = (noun, *RECORD_WORDS[noun])
    endings = ("", "_id", "_name", "_number", "_ref", "_uuid", "_key")
    words = tuple(f"{word}{ending}" for word in nouns for ending in endings if word + ending != f"{noun}_id")
    return Term((f"{noun}_id",), words, f"it takes the id of {_A[noun]}; look it up with {search}")


_A: Final = {
    "client": "a client",
    "contact": "a contact",
    "opportunity": "an opportunity",
    "quote": "a quote",
    "contract": "a contract",
}
_SPLIT_NAME = "give the first and the last name on their own"
_HANDLE = "it takes the handle of a colleague; look it up with staff_search"
_ATTACHED = "the kind of that record goes into `entity_type`, its id into `entity_id`"
_PAGES = "`limit` bounds a page; `next_cursor` of its result leads to the next"

TERMS: Final[tuple[Term, ...]] = (
    # where a record is attached to another, before the records that it may be attached to
    Term(
        ("entity_type", "entity_id"),
        (
            *("client_id", "contact_id", "opportunity_id", "quote_id", "contract_id", "client", "contact", "quote"),
            *("opportunity", "contract", "deal", "deal_id", "account_id", "entity", "related_to", "attached_to"),
            *("target", "record", "parent", "link_to"),
        ),
        _ATTACHED,
    ),
    Term(
        ("entity_type",),
        (
            *("type", "kind", "object_type", "record_type", "parent_type", "related_type", "related_to_type", "object"),
            *("target_type", "linked_type", "module"),
        ),
    ),
    Term(
        ("entity_id",),
        (
            *("id", "uuid", "record_id", "object_id", "parent_id", "related_id", "related_to_id", "target_id"),
            *("linked_id", "client_name", "opportunity_name", "deal_name", "account_name"),
        ),
        _ATTACHED,
    ),
    # names
    Term(
        ("first_name", "last_name"),
        ("name", "full_name", "contact_name", "contact", "display_name", "person", "person_name"),
        _SPLIT_NAME,
    ),
    Term(("first_name",), ("firstname", "given_name", "forename", "first", "fname")),
    Term(("last_name",), ("lastname", "surname", "family_name", "last", "lname")),
    Term(
        ("file_name",),
        (
            *("filename", "file", "name", "document", "document_name", "title", "attachment", "attachment_name"),
            *("document_title", "file_title", "doc_name"),
        ),
        "it takes the name of the file with its extension, such as proposal.pdf",
    ),
    # the other records that a record belongs to
    _id_term("client", "client_search"),
    _id_term("opportunity", "opportunity_search"),
    _id_term("contact", "contact_search"),
    _id_term("contract", "contract_search"),
    _id_term("quote", "quote_search"),
    Term(
        ("quote_ids",),
        ("quotes", "quote_id", "ids", "id", "quote", "list", "quote_id_1", "quote_id1", "first_quote_id", "quote_a"),
        "it takes a list of the ids of quotes",
    ),
    Term(
        ("client_id",),
        ("belongs_to", "works_for", "employer", "workplace", "works_at", "prospect_id"),
        "it takes the id of a client; look it up with client_search",
    ),
    Term(
        ("owner",),
        (
            *("assign_to", "assigned_to", "assignee", "assignee_id", "assigned", "assigned_user", "assigned_rep"),
            *("owner_id", "owner_name", "owner_email", "ownerid", "owner_handle", "owned_by", "record_owner"),
            *("sales_rep", "sales_rep_id", "salesrep", "salesperson", "sales_person", "sales_owner", "seller", "rep"),
            *("account_manager", "account_executive", "account_owner", "ae", "manager", "responsible", "user"),
            *("user_id", "username", "handle", "colleague", "staff", "staff_id", "employee", "employee_id", "agent"),
        ),
        _HANDLE,
    ),
    Term(("handle",), ("id", "user_id", "username", "user", "login", "owner", "staff_id", "employee_id")),
    Term(("role",), ("job", "job_title", "title", "position", "function", "department")),
    Term(("territory",), ("region", "area", "location", "market")),
    # money and chances
    Term(
        ("amount",),
        (
            *("value", "price", "total", "total_amount", "total_price", "total_value", "sum", "cost", "revenue"),
            *("deal_value", "deal_amount", "deal_size", "budget", "expected_amount", "expected_revenue", "net_amount"),
            *("estimated_value", "worth", "acv", "arr", "tcv", "quote_total", "grand_total", "amount_usd", "subtotal"),
        ),
    ),
    Term(
        ("value",),
        (
            *("amount", "price", "total", "total_amount", "total_value", "contract_value", "contract_amount", "sum"),
            *("deal_value", "cost", "revenue", "acv", "arr", "tcv", "worth"),
        ),
    ),
    Term(
        ("probability",),
        (
            *("chance", "likelihood", "win_probability", "win_chance", "win_rate", "confidence", "probability_percent"),
            *("probability_pct", "prob", "win_likelihood", "percent", "percentage", "close_probability"),
        ),
        "it takes a whole number of percent, such as 60",
    ),
    # states
    Term(
        ("stage",),
        ("status", "state", "phase", "deal_stage", "sales_stage", "pipeline_stage", "step", "pipeline", "stage_name"),
    ),
    Term(("status",), ("stage", "state", "phase", "lifecycle_stage", "is_active", "active", "condition")),
    # days
    Term(
        ("close_date",),
        (
            *("due_date", "expected_close_date", "expected_close", "closing_date", "closed_date", "close", "closedate"),
            *("close_by", "close_at", "closes_at", "closed_at", "target_date", "target_close_date", "deadline", "due"),
            *("expected_date", "estimated_close_date", "end_date", "date", "closing", "expiry_date", "close_day"),
        ),
    ),
    Term(
        ("valid_until",),
        (
            *("expiry_date", "expiration_date", "expiry", "expires", "expires_at", "expires_on", "valid_till"),
            *("valid_to", "valid_through", "validity", "validity_date", "valid_date", "expiration", "end_date"),
            *("due_date", "deadline", "good_until", "date"),
        ),
    ),
    Term(
        ("start_date",),
        (
            "start",
            "from",
            "starts_at",
            "starts_on",
            "begin_date",
            "begins",
            "effective_date",
            "valid_from",
            "signed_at",
        ),
    ),
    Term(
        ("end_date",),
        (
            *("end", "to", "ends_at", "ends_on", "finish_date", "expiry_date", "expiration_date", "expires", "until"),
            *("expires_at", "valid_until", "valid_till", "termination_date", "renewal_date", "close_date"),
        ),
    ),
    Term(("created_date",), ("created", "created_at", "created_on", "creation_date", "date_created", "date")),
    Term(("created_at",), ("created", "created_date", "created_on", "creation_date", "date_created", "date")),
    Term(("uploaded_at",), ("uploaded", "created_at", "created_date", "upload_date", "uploaded_on", "date")),
    Term(("created_by",), ("author", "written_by", "creator", "user", "by", "author_id")),
    Term(("uploaded_by",), ("author", "created_by", "uploader", "user", "by", "owner")),
    # texts
    Term(
        ("content",),
        (
            *("text", "body", "note", "notes", "note_text", "note_content", "note_body", "message", "comment", "memo"),
            *("description", "details", "comments", "remark", "title", "subject", "summary", "contents"),
        ),
    ),
    Term(
        ("notes",),
        (
            *("note", "description", "comment", "comments", "remark", "remarks", "details", "text", "memo", "content"),
            *("next_step", "next_steps", "reason", "loss_reason", "close_reason", "summary", "body", "info"),
        ),
    ),
    Term(
        ("title",),
        ("job_title", "position", "role", "job", "function", "designation", "job_role", "department"),
    ),
    Term(("name",), ("title", "subject", "label", "full_name", "display_name", "topic", "headline", "company_name")),
    Term(("version",), ("revision", "rev", "quote_version", "version_number", "version_no", "v")),
    Term(("quote_prefix",), ("prefix", "quote_number", "number", "quote_no", "number_prefix", "quote_code", "name")),
    Term(("industry",), ("sector", "line_of_business", "business", "vertical", "branch", "field", "segment")),
    Term(("type",), ("kind", "company_type", "relationship", "category", "status")),
    # ways to reach somebody
    Term(("email",), ("e_mail", "mail", "email_address", "e_mail_address", "mail_address", "emails", "contact_email")),
    Term(
        ("phone",),
        ("phone_number", "telephone", "tel", "mobile", "mobile_number", "cell", "cell_phone", "phones", "phone_no"),
    ),
    Term(
        ("address",),
        (
            *("location", "street", "city", "country", "postal_address", "billing_address", "state", "zip", "zip_code"),
            *("postcode", "postal_code", "territory", "region", "headquarters", "shipping_address"),
        ),
        "it is one text, with the sales territory as its last part",
    ),
    Term(
        ("file_url",),
        ("url", "link", "document_url", "file_link", "document_link", "path", "file_path", "location", "href", "uri"),
        "it takes a web address",
    ),
    Term(
        ("document_url",),
        ("url", "link", "file_url", "document", "document_link", "file", "contract_url", "href", "uri", "attachment"),
        "it takes a web address",
    ),
    # the form of a search and of a change
    Term(
        (CRITERIA,),
        (
            *("query", "q", "search", "filter", "filters", "where", "conditions", "condition", "criterion", "params"),
            *("search_criteria", "search_term", "search_query", "keyword", "keywords", "text", "match", "fields"),
        ),
        "it takes an object of conditions by field name",
    ),
    Term(
        ("order_by",),
        (
            *("sort", "sort_by", "order", "ordering", "sorting", "orderby", "sortby", "sort_order", "sort_field"),
            *("order_direction", "sort_direction", "direction", "descending", "desc", "ascending"),
        ),
        'write the name of a field, with a leading - for descending, such as "-amount"',
    ),
    Term(("cursor",), ("next_cursor", "page_token", "next_page", "next_page_token", "page", "offset", "skip"), _PAGES),
    Term(("cursor",), ("page_number", "start", "from_index", "after", "continuation", "next"), _PAGES),
    Term(
        ("limit",),
        (
            *("top", "top_n", "n", "count", "max", "max_results", "page_size", "per_page", "size", "num_results"),
            *("number_of_results", "results", "rows", "first", "take", "maximum", "page", "offset", "skip"),
        ),
    ),
    Term(
        ("updates",),
        (
            *("update", "changes", "fields", "data", "values", "new_values", "patch", "set", "attributes", "props"),
            *("properties", "payload", "update_data", "update_fields", "body", "params", "changed_fields"),
        ),
        "it takes an object of new values by field name",
    ),
    # the end of a turn
    Term(
        ("message",),
        (
            *("text", "content", "answer", "reply", "response", "body", "response_text", "final_answer", "output"),
            *("msg", "summary", "note"),
        ),
    ),
    Term(("outcome",), ("status", "result", "state", "resolution", "type")),
    Term(("reason_code",), ("reason", "code", "error_code", "reasoncode", "error", "cause")),
    Term(("facts",), ("fact", "values", "data", "fields", "answers", "results", "details")),
    # operators
    Term(("gte", "lte"), ("between", "range", "within"), "give both bounds"),
    Term(("gte",), (*BOUND_WORDS["gte"][1:], ">=", "=>", ">"), "the bound itself is included"),
    Term(("lte",), (*BOUND_WORDS["lte"][1:], "<=", "=<", "<"), "the bound itself is included"),
    Term(("contains",), (*BOUND_WORDS["contains"][1:], "icontains", "regex", "~", "substring", "has")),
    Term(("in",), (*BOUND_WORDS["in"][1:], "anyof", "oneof", "or", "values", "options")),
    Term(("equals",), (*BOUND_WORDS["equals"][1:], "=", "==", "===", "value", "match", "iexact")),
    Term(
        ("empty",),
        (*BOUND_WORDS["empty"][1:], "exists", "not_null", "is_not_null", "not_empty", "is_set"),
        "true finds records without a value, false those with one",
    ),
    Term(
        (),
        ("ne", "neq", "nin", "!=", "<>", "not", "not_equals", "not_in", "not_contains", "is_not", "exclude"),
        "there is no operator for what a field is not; search wider and leave results out",
    ),
    # what a CRM might have and this one has not
    Term(
        (),
        ("contact_id", "contact", "contacts", "contact_name", "primary_contact", "contact_email", "contact_ids"),
        "contacts belong to clients: contact_search with `client_id` finds them",
    ),
    Term((), ("currency", "currency_code", "currency_iso_code"), "all amounts are in one currency; leave it out"),
    Term(
        (),
        ("discount", "discount_percent", "discount_percentage", "discount_rate", "discount_amount", "discount_pct"),
        "give the amount that is left after the discount",
    ),
    Term(
        (),
        ("product", "products", "items", "line_items", "quantity", "unit_price", "sku", "product_id", "lines"),
        "records hold one amount and no products; leave it out",
    ),
    Term(
        (),
        ("priority", "importance", "urgency", "rating", "score", "tags", "tag", "category", "labels", "custom_fields"),
        "the CRM keeps no such thing; leave it out, or write it into a note with add_note",
    ),
    Term(
        (),
        ("source", "lead_source", "campaign", "website", "web", "domain", "employees", "metadata", "external_id"),
        "the CRM keeps no such thing; leave it out, or write it into a note with add_note",
    ),
    Term(
        (),
        (
            *("reason", "comment", "comments", "note", "notes", "message", "description", "content", "text", "details"),
            *("cancel_reason", "cancellation_reason", "rejection_reason", "loss_reason", "summary", "memo"),
        ),
        "this call keeps no text; add_note does",
    ),
    Term(
        (),
        ("include", "expand", "select", "columns", "return_fields", "fields", "properties", "include_related", "with"),
        "results show every field; leave it out",
    ),
    Term(
        (),
        ("confirm", "confirmed", "force", "dry_run", "validate_only", "cascade", "soft_delete", "notify"),
        "a call takes effect at once and in one way; leave it out",
    ),
    Term((), ("page", "page_number", "offset", "skip"), "the answer has no pages; leave it out"),
)
"""Every term, in the order in which they are asked."""
