"""Turns records into rows and rows into records; field names and column names are the same.

Promises: `read_x(row of x_values(record))` equals the record (without bodies). Never does: SQL.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import RowMapping, Table

from store.records import Candidate, Document, Incident, Prediction, RawPage, SourceReport, StageReport
from store.schema import candidates, documents, incidents, pages, predictions, run_sources, run_stages

_TABLES: Mapping[type, Table] = {
    RawPage: pages,
    Document: documents,
    Candidate: candidates,
    Prediction: predictions,
    Incident: incidents,
    SourceReport: run_sources,
    StageReport: run_stages,
}

Record = RawPage | Document | Candidate | Prediction | Incident | SourceReport | StageReport


#: Worked out once: a night reads hundreds of thousands of rows.
_STORED: Mapping[type, tuple[str, ...]] = {
    record_type: tuple(field.name for field in fields(record_type) if field.name in table.c)
    for record_type, table in _TABLES.items()
}


def stored_fields(record_type: type[Record]) -> tuple[str, ...]:
    """The fields of a record that its table has a column for, in the record's order."""
    return _STORED[record_type]


def values_of(record: Record, **more: Any) -> dict[str, Any]:
    """A record as the values of one row, with further columns (state, version) beside."""
    return {name: getattr(record, name) for name in stored_fields(type(record))} | more


def read_page(row: RowMapping) -> RawPage:
    """A row with the columns of `pages` as a RawPage without bodies."""
    return RawPage(**_arguments(RawPage, row))


def read_document(row: RowMapping) -> Document:
    """A row with the columns of `documents` as a Document."""
    return Document(**_arguments(Document, row))


def read_candidate(row: RowMapping) -> Candidate:
    """A row with the columns of `candidates` as a Candidate."""
    return Candidate(**_arguments(Candidate, row))


def read_prediction(row: RowMapping) -> Prediction:
    """A row with the columns of `predictions` as a Prediction."""
    return Prediction(**_arguments(Prediction, row))


def read_incident(row: RowMapping, doc_ids: Sequence[str]) -> Incident:
    """A row with the columns of `incidents` and the ids of its members, in order, as an Incident."""
    return Incident(**_arguments(Incident, row), doc_ids=tuple(doc_ids))


def _arguments(record_type: type[Record], row: RowMapping) -> dict[str, Any]:
    # By column object: a join has several columns of one name.
    table = _TABLES[record_type]
    return {name: row[table.c[name]] for name in stored_fields(record_type)}
