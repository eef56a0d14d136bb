from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from review.web.highlight import split_marked

#: Few letters, so that evidence is found, overlaps and touches.
TEXTS = st.text(alphabet="ab \n<", max_size=40)


@given(TEXTS, st.lists(TEXTS, max_size=5))
def test_the_pieces_joined_are_the_text(text: str, evidence: list[str]) -> None:
    pieces = split_marked(text, evidence)
    assert "".join(piece for piece, _ in pieces) == text
    assert all(piece for piece, _ in pieces)


@given(TEXTS, TEXTS, TEXTS)
def test_evidence_of_the_text_lies_in_one_marked_piece(before: str, found: str, after: str) -> None:
    text = before + found + after
    marked = [piece for piece, is_marked in split_marked(text, [found]) if is_marked]
    assert marked == ([found] if found else [])


@given(TEXTS, st.lists(TEXTS, max_size=5))
def test_marked_and_plain_take_turns(text: str, evidence: list[str]) -> None:
    marks = [is_marked for _, is_marked in split_marked(text, evidence)]
    assert all(one != other for one, other in pairwise(marks))


def test_evidence_that_is_not_in_the_text_marks_nothing() -> None:
    assert split_marked("Camat hadir.", ["Lurah hadir.", ""]) == [("Camat hadir.", False)]
    assert split_marked("", ["Camat"]) == []
