"""Grouping: copies and accounts of one act join, different acts do not, nights in parts give the same."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from nlp.group import group, name_incident
from nlp.items import Item
from store.records import Document, Incident, Kind, Prediction

FIRST = datetime(2024, 9, 17, 3, 0, tzinfo=UTC)
REGION = "Kabupaten Wajo, Sulawesi Selatan"

Pair = tuple[Document, Prediction]
Known = list[tuple[Incident, list[Document], list[Prediction]]]

STORY = (
    "Seorang camat di Kabupaten Wajo dipanggil pengawas setelah video dua menit beredar di grup warga. "
    "Dalam video itu Camat Ambo Lallo Pabeangi terlihat naik ke panggung dan mengacungkan dua jari. "
    "Ia datang dengan mobil dinas bersama tiga stafnya dan duduk di barisan depan sampai acara selesai. "
    "Menurut seorang pedagang, acara itu berlangsung sejak pagi dan dihadiri ratusan orang dari desa lain. "
    "Petugas mengumpulkan keterangan saksi dan akan memutuskan kelanjutan perkara itu dalam lima hari kerja."
)
FOLLOW_UP = (
    "Pleno pengawas menyimpulkan ada unsur pelanggaran dalam perkara camat yang berjoget di panggung. "
    "Berkas Ambo Lallo Pabeangi lalu dikirim ke Badan Kepegawaian Negara untuk dijatuhi sanksi."
)


def make(
    doc_id: str,
    text: str,
    *,
    hours: float = 0,
    title: str = "",
    kind: Kind = "news",
    evidence: tuple[str, ...] = (),
    region: str = REGION,
    position: str = "camat_lurah",
    types: tuple[str, ...] = ("attend_active", "photo_symbol"),
    process: str = "rumor",
    score: float = 0.9,
) -> Pair:
    at = FIRST + timedelta(hours=hours)
    document = replace(
        Item(id=doc_id, kind=kind, title=title, text=text).document(), published_at=at, night=at.date()
    )
    prediction = Prediction(
        doc_id, "case", score, True, types, "post", process, position, region, evidence or (text[:400],), "m"
    )
    return document, prediction


def members(incidents: list[Incident]) -> list[tuple[str, ...]]:
    return [incident.doc_ids for incident in incidents]


def remember(known: Known, changed: list[Incident], pairs: list[Pair]) -> Known:
    """What the store would hand out after a night: all incidents with their members."""
    by_id = {document.doc_id: (document, prediction) for document, prediction in pairs}
    for incident, documents, predictions in known:
        for document, prediction in zip(documents, predictions, strict=True):
            by_id.setdefault(document.doc_id, (document, prediction))
        if incident.incident_id not in {other.incident_id for other in changed}:
            changed = [*changed, incident]
    return [
        (incident, [by_id[i][0] for i in incident.doc_ids], [by_id[i][1] for i in incident.doc_ids])
        for incident in changed
    ]


def test_nothing_gives_nothing() -> None:
    assert group([], []) == []


def test_a_document_opens_an_incident_named_after_it() -> None:
    [incident] = group([make("N-a", STORY, process="report")], [])
    assert incident == Incident(
        name_incident("N-a"),
        ("N-a",),
        date(2024, 9, 17),
        REGION,
        "camat_lurah",
        ("photo_symbol", "attend_active"),
        "report",
        0.9,
    )
    assert incident.incident_id.startswith("I-")
    assert len(incident.incident_id) == 14


def edited(text: str, how: str) -> str:
    sentences = text.split(". ")
    match how:
        case "other head":
            return "WAJO, KABAR - " + text.replace("Seorang camat", "Camat", 1)
        case "cut":
            return ". ".join(sentences[:4])
        case "words":
            return text.replace("video", "rekaman").replace("ratusan", "sekitar seratus")
        case _:
            return text.upper()


@pytest.mark.parametrize("how", ["other head", "cut", "words", "capitals"])
def test_edited_copies_join(how: str) -> None:
    other = make("N-b", edited(STORY, how), hours=2, region="", position="unspecified")
    assert members(group([make("N-a", STORY), other], [])) == [("N-a", "N-b")]


def test_another_account_of_the_act_joins() -> None:
    pairs = [
        make("N-a", STORY),
        make("N-b", FOLLOW_UP, hours=50, process="forwarded", types=("photo_symbol",)),
    ]
    [incident] = group(pairs, [])
    assert incident.doc_ids == ("N-a", "N-b")
    assert incident.process == "forwarded"
    assert incident.types == ("photo_symbol", "attend_active")


@pytest.mark.parametrize(
    "change",
    [
        {"region": "Kabupaten Bone, Sulawesi Selatan"},
        {"region": "Kabupaten Sragen, Jawa Tengah"},
        {"types": ("team",)},
        {"hours": 24 * 14 + 1},
    ],
)
def test_accounts_that_contradict_each_other_stay_apart(change: dict[str, object]) -> None:
    options: dict[str, object] = {"hours": 50, **change}
    pairs = [make("N-a", STORY), make("N-b", FOLLOW_UP, **options)]  # type: ignore[arg-type]  # keywords of make
    assert len(group(pairs, [])) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"region": "Sulawesi Selatan"},
        {"region": ""},
        # Whom the names tell for sure, a misread position does not part.
        {"position": "jpt"},
        {"position": "unspecified"},
        {"types": ("other",)},
    ],
)
def test_names_and_words_join_what_is_not_known(change: dict[str, object]) -> None:
    options: dict[str, object] = {"hours": 50, **change}
    pairs = [make("N-a", STORY), make("N-b", FOLLOW_UP, **options)]  # type: ignore[arg-type]  # keywords of make
    assert len(group(pairs, [])) == 1


NAMELESS = "Seorang lurah terekam berjoget di samping calon wali kota pada pesta panen di pinggir danau."
NAMELESS_TOO = (
    "Petugas menelusuri joget seorang lurah di samping calon wali kota pada pesta panen. "
    "Panitia menyerahkan daftar tamu serta rekaman kamera kepada tim bentukan kecamatan kemarin sore."
)


@pytest.mark.parametrize(
    ("change", "n_incidents"),
    [
        ({}, 1),
        ({"region": "Sulawesi Selatan"}, 2),
        ({"position": "jpt"}, 2),
        ({"types": ("team",)}, 2),
        ({"hours": 24 * 15}, 2),
    ],
)
def test_without_names_all_traits_and_words_must_agree(change: dict[str, object], n_incidents: int) -> None:
    options: dict[str, object] = {"hours": 20, **change}
    pairs = [make("N-a", NAMELESS), make("N-b", NAMELESS_TOO, **options)]  # type: ignore[arg-type]  # keywords of make
    assert len(group(pairs, [])) == n_incidents


def test_accounts_very_much_alike_join_whatever_was_read_from_them() -> None:
    longer = NAMELESS + " Warga menyoraki lurah itu sampai pesta panen usai."
    pairs = [make("N-a", NAMELESS), make("N-b", longer, hours=5, position="jpt", types=("team",))]
    assert len(group(pairs, [])) == 1


def test_two_people_of_one_office_are_two_however_alike_the_words() -> None:
    one, two = (
        f"Video itu memperlihatkan Camat {name} berjoget di samping calon bupati pada pesta panen warga."
        for name in ("Tempe Lallo Pabeangi", "Majauleng Baso Mappile")
    )
    pairs = [
        make("N-a", one),
        make("N-b", f"{two} Petugas menelusuri kabar tersebut sejak kemarin.", hours=5),
    ]
    assert len(group(pairs, [])) == 2


LATE = "Setelah lama menunggu, Camat Ambo Lallo Pabeangi dijatuhi hukuman disiplin oleh bupati."


@pytest.mark.parametrize(
    ("days", "change", "n_incidents"),
    [
        (120, {"process": "sanction"}, 1),
        (364, {"process": "cleared"}, 1),
        (370, {"process": "sanction"}, 2),
        # What news tells of at once is a new act.
        (120, {"process": "report"}, 2),
        (120, {"process": "clarification"}, 2),
        (120, {"process": "sanction", "types": ("other",)}, 1),
        (120, {"process": "sanction", "region": "Kabupaten Sragen, Jawa Tengah"}, 2),
        # A process does not go back.
        (120, {"process": "forwarded"}, 2),
    ],
)
def test_later_steps_join_their_act(days: int, change: dict[str, object], n_incidents: int) -> None:
    pairs = [
        make("N-a", STORY, process="report"),
        make("N-b", FOLLOW_UP, hours=48, process="recommendation"),
        make("N-c", LATE, hours=24 * days, **change),  # type: ignore[arg-type]  # keywords of make
    ]
    incidents = group(pairs, [])
    assert len(incidents) == n_incidents
    # A night that fetches the sanction first and the older texts later ends with as many.
    nights = [replace(document, night=date(2025, 12, 31 - n)) for n, (document, _) in enumerate(pairs)]
    backwards = [(document, prediction) for document, (_, prediction) in zip(nights, pairs, strict=True)]
    assert len(group(backwards, [])) == n_incidents


def test_a_later_step_goes_to_the_act_of_its_type() -> None:
    other_act = "Camat Ambo Lallo Pabeangi diduga memasang baliho calon bupati di pagar kantornya."
    punished = other_act.replace("diduga", "dihukum karena")
    pairs = [
        make("N-a", STORY, process="report"),
        make("N-x", other_act, hours=24 * 30, types=("banner",), process="report"),
        make("N-b", LATE, hours=24 * 150, types=("photo_symbol",), process="sanction"),
        make("N-y", punished, hours=24 * 200, types=("banner",), process="sanction"),
    ]
    assert sorted(members(group(pairs, []))) == [("N-a", "N-b"), ("N-x", "N-y")]


def test_copies_are_counted() -> None:
    pairs = [
        make("N-a", STORY),
        make("N-b", edited(STORY, "cut"), hours=2),
        make("N-c", FOLLOW_UP, hours=50),
        make("N-d", edited(STORY, "capitals"), hours=60),
    ]
    [incident] = group(pairs, [])
    assert (len(incident.doc_ids), incident.n_copies) == (4, 2)


def test_shared_candidates_and_spokesmen_link_nothing() -> None:
    others = "calon bupati Rahmat Sangaji, kata Ketua Bawaslu Sitti Hartina."
    one = f"Camat Tempe Baso Mappile mendukung {others}"
    two = f"Camat Pitumpanua Ambo Tuwo memasang baliho {others}"
    assert len(group([make("N-a", one), make("N-b", two, hours=3)], [])) == 2


def test_shared_initials_link() -> None:
    one = "Camat berinisial AMP diduga naik panggung pasangan calon."
    two = "Perkara camat dengan inisial AMP diputus pengawas kemarin siang di kantornya."
    assert len(group([make("N-a", one), make("N-b", two, hours=30)], [])) == 1
    assert len(group([make("N-a", one), make("N-b", two.replace("AMP", "AMR"), hours=30)], [])) == 2


@pytest.mark.parametrize(
    ("one", "two", "n_incidents"),
    [
        (
            "Siap menangkan Bu Ratna, salam dari guru SDN 4!",
            "siap menangkan bu Ratna... salam dari guru SDN 4",
            1,
        ),
        (
            "Siap menangkan Bu Ratna, salam dari guru SDN 4!",
            "Siap menangkan Bu Ratna, salam dari bidan desa",
            2,
        ),
        ("lanjutkan, pak!", "Lanjutkan pak", 2),
        ("", "", 2),
    ],
)
def test_short_posts_must_be_the_same(one: str, two: str, n_incidents: int) -> None:
    pairs = [
        make(doc_id, text, kind="post", region="", position="unspecified", hours=hours)
        for doc_id, text, hours in (("P-a", one, 0), ("P-b", two, 1))
    ]
    assert len(group(pairs, [])) == n_incidents


def test_the_best_member_gives_region_and_position() -> None:
    pairs = [
        make("N-a", STORY, score=0.7, process="unknown"),
        make("N-b", STORY, score=0.95, region="", position="unspecified", hours=1, process="cleared"),
        make("N-c", STORY, score=0.8, region="Kota Palopo, Sulawesi Selatan", position="jpt", hours=2),
    ]
    [incident] = group(pairs, [])
    assert (incident.region, incident.position) == ("Kota Palopo, Sulawesi Selatan", "jpt")
    assert (incident.score, incident.process) == (0.95, "cleared")


def test_a_known_incident_keeps_its_id_and_unchanged_ones_are_not_returned() -> None:
    pairs = [
        make("N-a", STORY),
        make("N-x", "Guru lain di kota lain memasang spanduk partai di pagar sekolah.", region=""),
    ]
    known = remember([], group(pairs, []), pairs)
    late = make("N-0", STORY, hours=-5)
    late = replace(late[0], night=date(2024, 9, 18)), late[1]
    [changed] = group([late], known)
    assert changed.incident_id == name_incident("N-a")
    assert changed.doc_ids == ("N-0", "N-a")
    assert changed.first_night == date(2024, 9, 17)


def test_grouping_again_changes_nothing() -> None:
    pairs = [make("N-a", STORY), make("N-b", FOLLOW_UP, hours=5)]
    known = remember([], group(pairs, []), pairs)
    assert group(pairs, known) == []


def test_a_rescored_member_stays_and_its_incident_is_worked_out_anew() -> None:
    pairs = [make("N-a", STORY), make("N-b", FOLLOW_UP, hours=5)]
    known = remember([], group(pairs, []), pairs)
    [changed] = group([make("N-b", FOLLOW_UP, hours=5, score=0.99, position="jpt")], known)
    assert changed.doc_ids == ("N-a", "N-b")
    assert (changed.score, changed.position) == (0.99, "jpt")


def test_a_rescored_member_no_longer_matches_by_its_old_region() -> None:
    pairs = [make("N-a", STORY)]
    known = remember([], group(pairs, []), pairs)
    moved = make("N-a", STORY, region="Kabupaten Bone, Sulawesi Selatan")
    changed = group([moved, make("N-b", FOLLOW_UP, hours=5)], known)
    assert sorted(members(changed)) == [("N-a",), ("N-b",)]


def test_a_document_that_links_two_incidents_joins_the_older() -> None:
    plain = [make("N-a", STORY, types=("team",)), make("N-b", FOLLOW_UP, hours=24)]
    known = remember([], group(plain, []), plain)
    assert len(known) == 2
    bridge = make("N-c", STORY, hours=48)
    [changed] = group([bridge], known)
    assert changed.incident_id == name_incident("N-a")
    assert changed.doc_ids == ("N-a", "N-c")


def many_pairs() -> list[Pair]:
    """Twelve acts, told by one to four documents each over three nights."""
    dice = random.Random(7)
    pairs = []
    for act in range(12):
        words = [
            f"{a}{b}" for a in ("ra", "ti", "ko", "me", "su") for b in ("lam", "dun", "pis", "gar", "ben")
        ]
        dice.shuffle(words)
        text = f"Camat Nama{'abcdefghijkl'[act]}lani Marga{'abcdefghijkl'[act]}tuo " + " ".join(words * 2)
        for copy in range(dice.randint(1, 4)):
            body = text if copy % 2 else text + f" tambahan {copy} dari redaksi setempat"
            pairs.append(make(f"N-{act:02d}{copy}", body, hours=dice.randint(0, 70), score=dice.random()))
    return pairs


@pytest.mark.parametrize("seed", range(3))
def test_nights_in_parts_give_the_same_incidents(seed: int) -> None:
    pairs = many_pairs()
    at_once = group(pairs, [])
    random.Random(seed).shuffle(pairs)
    known: Known = []
    for night in sorted({document.night for document, _ in pairs}):
        tonight = [pair for pair in pairs if pair[0].night == night]
        known = remember(known, group(tonight, known), tonight)
    in_parts = sorted((incident for incident, _, _ in known), key=lambda i: (i.first_night, i.incident_id))
    assert in_parts == at_once
    assert len(at_once) == 12


def test_the_order_of_the_input_does_not_matter() -> None:
    pairs = many_pairs()
    assert group(list(reversed(pairs)), []) == group(pairs, [])


@pytest.mark.parametrize("text", ["", " ", "satu", "🫶✌️", "\x00", "\ud800", "kata " * 100_000])
def test_any_text_is_grouped(text: str) -> None:
    [incident] = group([make("N-a", text, title=text[:50])], [])
    assert incident.doc_ids == ("N-a",)
