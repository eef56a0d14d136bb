"""What people typed stands in the chain as a salted digest, the codebook's words as they are."""

import pytest
from sqlalchemy import Engine, select

from store.decisions import ERASED, Decision, LabelEvent
from store.events import PREFIX, digest_text, hash_event, name_texts, row_of
from store.labels import undo_event
from store.schema import label_events, label_texts
from tests.store.deciding import AT, CASE, NONE, decide
from tests.store.samples import put_grouped

OWN = Decision("case", ("banner",), "kepala urusan aset", "menurut tetangganya")


def make_event(new: Decision | None, *, old: Decision | None = None, reason: str = "") -> LabelEvent:
    return LabelEvent("", "", "I-1", "N-1", "0" * 64, "m", AT, "R-1", "page", "first", old, new, reason)


def test_words_are_kept_apart_and_codes_and_our_own_reasons_stay() -> None:
    event, typed = name_texts(make_event(OWN, reason="dibaca lagi"), [])
    assert [(one.field, one.text) for one in typed] == [
        ("actor", OWN.actor),
        ("note", OWN.note),
        ("reason", "dibaca lagi"),
    ]
    for one in typed:
        assert len(bytes.fromhex(one.salt)) == 16
        assert one.digest == digest_text(one.salt, one.text)
    row = row_of(event)
    assert [row[name] for name in ("new_actor", "new_note", "reason")] == [one.digest for one in typed]
    undone = f"undo {'0' * 64}"
    event, typed = name_texts(make_event(CASE, reason=undone), [])
    assert [one.text for one in typed] == [CASE.note]
    assert (row_of(event)["new_actor"], row_of(event)["reason"]) == (CASE.actor, undone)


def test_the_same_words_have_another_digest_elsewhere_and_words_that_look_like_one_are_words() -> None:
    one, _ = name_texts(make_event(OWN), [])
    two, _ = name_texts(make_event(OWN), [])
    assert dict(one.digests).keys() == dict(two.digests).keys()
    assert not set(one.digests) & set(two.digests)
    forged = Decision("case", (), dict(one.digests)["new_actor"])
    event, typed = name_texts(make_event(forged), [])
    assert [text.text for text in typed] == [forged.actor]
    assert row_of(event)["new_actor"] != forged.actor


def test_kept_words_keep_their_digest_in_their_line_alone() -> None:
    first, _ = name_texts(make_event(OWN), [])
    changed = Decision("unsure", (), OWN.actor, "lain")
    event, typed = name_texts(make_event(changed, old=OWN), [first])
    assert [text.text for text in typed] == ["lain"]
    named, before = dict(event.digests), dict(first.digests)
    assert named["old_actor"] == named["new_actor"] == before["new_actor"]
    assert named["old_note"] == before["new_note"] != named["new_note"]


@pytest.mark.parametrize("changed", [{"new": NONE}, {"reason": "x"}, {"digests": ()}])
def test_the_hash_is_of_digests_and_of_all_else(changed: dict[str, object]) -> None:
    event, _ = name_texts(make_event(OWN), [])
    values = {name: getattr(event, name) for name in LabelEvent.__slots__}
    assert hash_event(LabelEvent(**values)) == hash_event(event)
    assert hash_event(LabelEvent(**(values | changed))) != hash_event(event)
    erased = Decision("case", OWN.types, ERASED, ERASED)
    assert hash_event(LabelEvent(**(values | {"new": erased}))) == hash_event(event)


def test_a_row_comes_back_with_its_words_and_an_undo_types_nothing(engine: Engine) -> None:
    (incident,) = put_grouped(engine, 1)
    with engine.begin() as conn:
        assert decide(conn, incident, OWN, reason="jelas")
        assert decide(conn, incident, NONE)
        count = len(conn.execute(select(label_texts)).all())
        back = undo_event(
            conn, incident_id=incident.incident_id, reviewer="Sri Wahyuni", at=AT, origin="page"
        )
        assert back
        assert back.new == OWN
        assert len(conn.execute(select(label_texts)).all()) == count == 3
        rows = str(conn.execute(select(label_events)).all())
    assert PREFIX in rows
    assert [text for text in (OWN.actor, OWN.note, "jelas") if text in rows] == []
