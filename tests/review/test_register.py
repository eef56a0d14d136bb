"""What a decision looks like in words."""

import pytest

from review.recall import Recall
from review.register import recall_line, said
from review.words import Language
from store.decisions import Decision


@pytest.mark.parametrize(
    ("decision", "lang", "words"),
    [
        (None, "id", "(belum ada keputusan)"),
        (Decision("none", note="iklan"), "id", "bukan; iklan"),
        (
            Decision("case", ("team",), "camat_lurah"),
            "id",
            "dugaan pelanggaran; masuk tim kampanye; camat/lurah",
        ),
        (Decision("case", (), "kepala\x1b[31m UPT"), "en", "alleged violation; kepala [31m UPT"),
    ],
)
def test_a_decision_in_words_never_tells_of_guilt(
    decision: Decision | None, lang: Language, words: str
) -> None:
    assert said(decision, lang) == words


def test_an_estimate_comes_with_its_interval_or_a_reason() -> None:
    assert recall_line(Recall(0.8, 0.6, 0.91, ()), lang="id") == (
        "Dugaan yang tertangkap: 80% (selang 95%: 60%–91%)"
    )
    assert "no case was found" in recall_line(Recall(None, None, None, (), "no_case"), lang="en")
