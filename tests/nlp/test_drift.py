"""A new office shows as an acronym that several texts of a week name and no label does."""

from nlp.drift import acronyms_of, find_new_names


def test_a_name_that_several_texts_of_a_week_bring_is_told() -> None:
    texts = [("2024-W40", f"Berkas nomor {n} diteruskan kepada BKN dan LPSDK.") for n in range(3)]
    texts += [("2024-W40", "Hanya sekali disebut: XYZQ."), ("2024-W39", "KASN menerima laporan.")]
    found = find_new_names(
        texts, ["Laporan itu diteruskan kepada KASN.", "Menurut berita, BKN menindaklanjuti surat itu."]
    )
    assert found == {"2024-W40": [("LPSDK", 3)], "2024-W39": []}


def test_a_text_that_shouts_names_nothing() -> None:
    assert acronyms_of("CAMAT DAN LURAH DILAPORKAN KE BAWASLU") == set()
    assert acronyms_of("Camat dilaporkan kepada KPU dan BKN oleh warga desa") == {"KPU", "BKN"}
