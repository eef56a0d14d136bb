"""Cleans the text of an Indonesian news article: boilerplate out, dateline and reporter noted.

Promises: what is taken out is listed in `removed`, word for word; the text that stays is unchanged but for
blanks, composed accents (NFC) and characters that nobody can see; paragraphs are lines; any input is cleaned
in linear time, with or without HTML behind it.
Never does: remove a "baca juga" that is part of a sentence, reword, translate, or raise on any text.
"""

import re
import unicodedata
from dataclasses import dataclass

#: Boilerplate is short: a longer line is prose and is kept whatever it begins with.
_LONGEST_BOILERPLATE = 400
#: A byline or a label such as "Editor: ..." is shorter still.
_LONGEST_LABEL = 120
#: Datelines and signatures are looked for in so many characters at the ends of a line.
_EDGE = 120
#: Lines at the head of the text in which captions, stamps and datelines are expected.
_HEAD_LINES = 4
#: A headline has at least so many words; a shorter line without a full stop is a crosshead and is kept.
_HEADLINE_WORDS = 5
#: What stands behind the reporters' signature is an author box, tags or links, if it is no larger a part of
#: the text than this; otherwise the signature closed one of several reports on the page.
_LARGEST_TAIL = 0.25
#: The same for what stands behind "Postingan Populer" and the like: a list of links may be long.
_LARGEST_LIST = 0.5

#: Lone surrogates, controls (NUL breaks PostgreSQL), soft hyphens, zero-width and direction marks, BOM.
_INVISIBLE = re.compile(
    "[\ud800-\udfff\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
    "\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb]"
)
_LINE_BREAK = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


def _phrases(listing: str) -> frozenset[str]:
    return frozenset(" ".join(phrase.split()) for phrase in listing.split("|"))


#: Lines that are boilerplate when they hold nothing else (case-folded, without a colon or stop at the end).
_WHOLE_LINES = _phrases("""
    advertisement | iklan | scroll to continue with content | scroll to resume content | scroll to continue
    | gulir untuk lanjut membaca | lanjut baca setelah iklan | loading | bagikan | share | salin tautan
    | copy link | cetak | print | selengkapnya | lihat semua | tampilkan semua | halaman selanjutnya
    | halaman berikutnya | selanjutnya | sebelumnya | next page | show all | beranda | blogthis!
    | kirimkan ini lewat email | berbagi ke x | berbagi ke facebook | bagikan ke pinterest
    | bagikan artikel ini | lebih baru | lebih lama | lebih baru lebih lama | posting lebih baru
    | posting lama | tidak ada komentar | 0 komentar | add comment
""")
#: Lines behind which a page has no article any more.
_END_LINES = _phrases("""
    komentar | leave a comment | leave a reply | tinggalkan balasan | tinggalkan komentar | posting komentar
    | tulis komentar | poskan komentar | postingan populer | entri populer | keyword | keywords | kata kunci
    | tag | tags | topik | topik terkait | label
    | your email address will not be published. required fields are marked *
    | alamat email anda tidak akan dipublikasikan. ruas yang wajib ditandai *
""")
#: Lines that open a list of headlines, in the middle of an article or behind it.
_LIST_LINES = _phrases("""
    baca juga | baca pula | lihat juga | simak juga | tonton juga | pilihan editor | terkini | berita terkini
    | terpopuler | berita terpopuler | berita populer | berita terkait | artikel terkait | berita lainnya
    | artikel lainnya | rekomendasi untuk anda | related posts | related articles | baca berita lainnya
""")
#: Lines that begin with one of these are links to other articles, videos or rights notices (case-folded).
_LINK_START = re.compile(
    r"(?:(?:baca|lihat|simak|tonton|saksikan)"
    r"(?: juga| pula| selengkapnya| artikel| berita| video| ini){0,3}\s?[:：]"
    r"|(?:simak|saksikan|tonton|lihat)(?: juga| pula)? video\b"
    r"|pilihan editor\s?[:：]|(?:berita|artikel) terkait\s?[:：]"
    r"|(?:artikel|berita|tulisan) ini (?:telah|sudah|pernah) (?:tayang|terbit|dimuat|dipublikasikan)"
    r"|dilarang keras (?:mengambil|menyalin|mengutip|meng-copy)|copyright\b|hak cipta\b|©|belum ada komentar"
    r"|the post\b.{1,250}\bappeared first on\b)"
)
_LINK_WITHOUT_COLON = re.compile(r"(?:baca|lihat|simak|tonton) (?:juga|pula)\s")
#: An invitation to a channel names the channel and begins with an imperative; a case report does not.
_CHANNEL = re.compile(r"\b(?:whats ?app|telegram|google news|(?:saluran|kanal|channel) wa)\b")
_CHANNEL_START = re.compile(
    r"(?:simak|ikuti|dapatkan|gabung|bergabung|join|klik|cek|update|follow|yuk|mari|ayo|jangan lewatkan"
    r"|nikmati|baca|langganan|berlangganan|temukan|ingin)\b"
)
_PAGE_NUMBER = re.compile(
    r"(?:halaman|page|laman)\s?:?\s?\d{1,2}(?:\s?(?:/|dari|of)\s?\d{1,2})?"
    r"(?:\s(?:all|semua|selanjutnya|halaman (?:selanjutnya|berikutnya)))?\Z"
)
_BYLINE = re.compile(
    r"(penulis|pewarta|reporter|wartawan|jurnalis|kontributor|laporan|oleh|editor|redaktur|penyunting|uploader"
    r"|fotografer|sumber|source|tags?|label|topik|kata kunci)"
    r"(?: (?:dan|&) \w{4,12})?\s?[:：]\s?(.*)\Z",
    re.IGNORECASE,
)
#: The labels of _BYLINE that name who wrote; the others name who edited, filed or published.
_AUTHOR_LABELS = _phrases("penulis | pewarta | reporter | wartawan | jurnalis | kontributor | laporan | oleh")
_REPORT_BY = re.compile(
    r"laporan (?:wartawan|reporter|jurnalis|kontributor)\b[^,|:]{0,60}[,|:]?\s?(.*)\Z", re.IGNORECASE
)
_POSTED_BY = re.compile(r"(?:diposting|diterbitkan|ditulis|posted) (?:oleh|by)\s", re.IGNORECASE)
_CAPTION_START = re.compile(
    r"(?:foto|keterangan foto|ket\.? foto|ilustrasi|caption|gambar|photo)\s?[:：]", re.IGNORECASE
)
_CAPTION_END = re.compile(
    r"(?:[(\[]\s?(?:(?:foto|photo|ilustrasi|screenshot|tangkapan layar)\s?[:/.]|dok\b|ist\b|istimewa\b)"
    r"[^()\[\]]{0,60}[)\]]"
    r"|\s[-–—/]\s?(?:foto|photo|dok)\b\.?\s?:?\s?[\w./ ]{1,40}"
    r"|/\s?(?:foto|photo|dok)\s?[:.]\s?[\w./ ]{1,40}"
    r"|/\s?(?:ist|istimewa))\.?\Z",
    re.IGNORECASE,
)
_VIDEO_MARK = re.compile(r"\[(?:gambas|video|embed)\s?:[^\]\n]{1,80}\]", re.IGNORECASE)
_AD_MARK = re.compile(r"\b(?:ADVERTISEMENT|SCROLL TO (?:CONTINUE|RESUME)(?: WITH)? CONTENT)\b")

#: Reporters' initials and agency codes in brackets behind the last sentence: (abc/def), (ant), [red], (Z-1).
_SIGNATURE = re.compile(
    r"(?:(?<=[.!?\"”'’)])|(?<=[.!?\"”'’)]\s)|\A)[(\[](?:[a-z]{2,6}|\*{1,3}|[A-Z]-\d{1,2}"
    r"|[a-z0-9]{2,16}(?:\.(?:com|id|test|co\.id))?(?:\s?[/,&-]\s?[a-z0-9*]{2,8}){1,3}"
    r"|[A-Za-z]{2,4}(?:/[A-Za-z]{2,4}){1,2}|ANT|Ant|Antara|Red|ADV|Adv|Hms|Rls|Hum)[)\]]\Z"
)
_BARE_INITIALS = re.compile(r"(?<=[.!?\"”]\s)[A-Z]{2,3}\Z")

_DOMAIN = r"(?i:com|id|net|org|test|news|tv|info|co)"
_HOST = rf"(?:www\.)?[A-Za-z0-9][A-Za-z0-9-]{{1,29}}(?:\.[A-Za-z0-9-]{{1,20}}){{0,2}}\.{_DOMAIN}"
_CAPITAL = r"[A-Z][\w'’]{1,19}(?:-[A-Z][\w'’]{1,19})?"
_PLACE = rf"(?P<place>{_CAPITAL}(?:\s{_CAPITAL}){{0,3}})"
#: "Indralaya, Sumatera Selatan", "Bantul, D.I. Yogyakarta"
_PLACE_IN_PROVINCE = (
    rf"(?P<place>{_CAPITAL}(?:\s{_CAPITAL}){{0,3}}(?:,\s(?:D\.?I\.?\s)?{_CAPITAL}(?:\s{_CAPITAL}){{0,2}})?)"
)
_AGENCY = rf"(?:{_HOST}|{_CAPITAL}(?:\s{_CAPITAL}){{0,2}})"
_STAMP = r"(?:,?\s?\(?\d{1,2}/\d{1,2}(?:/\d{2,4})?\)?)?"
_DASHES = "-–—―"
_DASH = r"\s?(?:\s-{1,3}|-{1,3}\s|--+|[–—―])\s?(?=[A-Z0-9\"“'‘(])"
_SIDE = r"(?:Selatan|Utara|Timur|Barat|Tengah|Pusat)"
_FROM_HOST = rf"{_HOST}\s?[,|–-]\s?{_PLACE}{_STAMP}"
#: Datelines that name their outlet; looked for in each of the first lines.
_DATELINES = (
    re.compile(rf"{_PLACE}\s?,\s?{_AGENCY}{_STAMP}{_DASH}"),
    re.compile(rf"{_FROM_HOST}(?:{_DASH}|\s?[|:]\s?)"),
    re.compile(rf"{_PLACE_IN_PROVINCE}\s?,?\s?\({_AGENCY}\){_STAMP}(?:{_DASH}|\s?[|:]\s?)"),
    re.compile(rf"{_HOST}\s?,\s(?P<place>{_CAPITAL}(?:\s{_SIDE})?)\s(?=[A-Z\"“])"),
    re.compile(rf"(?P<place>){_HOST}{_STAMP}{_DASH}"),
)
#: A place and a dash; only believed in the first line, and not for a word of _NO_PLACES.
_BARE_DATELINE = re.compile(rf"{_PLACE}{_STAMP}{_DASH}")
_NO_PLACES = _phrases("""
    asn | pns | kpu | bawaslu | panwaslu | kasn | bkn | tni | polri | pemilu | pilkada | video | foto | opini
    | breaking | update | info | camat | lurah | bupati | gubernur | walikota | sekda | kepala | ketua | wakil
    | calon | paslon | sekretaris | menteri | presiden | direktur | anggota | komisioner | dinas
""")
_STAMP_WORDS = _phrases("""
    senin | selasa | rabu | kamis | jumat | jum'at | jum’at | sabtu | minggu | ahad | hari | januari
    | februari | maret | april | mei | juni | juli | agustus | september | oktober | november | desember
    | jan | feb | mar | apr | jun | jul | agu | agt | sep | sept | okt | nov | nop | des | wib | wita | wit
    | pukul | jam | am | pm | dibaca | kali | views
""")


#: A line and its number in the normalised text.
_Line = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned text, what was taken out of it in text order, the place of its dateline, its reporter."""

    text: str
    removed: tuple[str, ...]
    dateline: str
    author_hint: str


def normalize_text(text: str) -> str:
    """Return `text` composed (NFC), without invisible characters, with one blank between words and no empty
    lines. This is all the cleaning that a social post gets."""
    visible = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
    lines = (" ".join(line.split()) for line in _LINE_BREAK.split(visible))
    return "\n".join(line for line in lines if line)


def clean_text(text: str, *, title: str = "") -> Cleaned:
    """Return the article in `text` without boilerplate.

    `title`: the headline, if known; a first line that only repeats it is taken out.
    """
    removed: list[_Line] = []
    lines = _take_out_lines(normalize_text(text).split("\n"), title, removed)
    author_hint = next((name for _, line in sorted(removed) if (name := _read_author(line))), "")
    lines = _cut_tail(lines, removed)
    dateline, lines = _cut_dateline(lines, removed)
    return Cleaned(
        text="\n".join(line for _, line in lines),
        removed=tuple(line for _, line in sorted(removed)),
        dateline=dateline,
        author_hint=author_hint,
    )


def _take_out_lines(lines: list[str], title: str, removed: list[_Line]) -> list[_Line]:
    """Sort whole lines into those that stay (returned, with their numbers) and those in `removed`."""
    kept: list[_Line] = []
    in_list = False
    for number, line in enumerate(lines):
        folded = line.casefold().rstrip(" :.")
        in_list = folded in _LIST_LINES or (in_list and _is_headline(line))
        if (
            in_list
            or _is_boilerplate(line, folded)
            or (len(kept) < _HEAD_LINES and _is_head_matter(line, title))
        ):
            removed.append((number, line))
            continue
        stripped = _strip_marks(number, line, removed)
        if stripped:
            kept.append((number, stripped))
    return kept


def _is_boilerplate(line: str, folded: str) -> bool:
    if not folded or folded in _WHOLE_LINES:
        return True
    if len(line) > _LONGEST_BOILERPLATE or folded in _END_LINES:
        return False
    if _LINK_START.match(folded) or _PAGE_NUMBER.match(folded) or _CAPTION_START.match(line):
        return True
    if _LINK_WITHOUT_COLON.match(folded) and _is_headline(line) and _is_title_case(line):
        return True
    if _CHANNEL_START.match(folded) and _CHANNEL.search(folded):
        return True
    return _is_byline(line)


def _is_byline(line: str) -> bool:
    if len(line) > _LONGEST_LABEL or line.endswith((".", "!", "?", '"', "”")):
        return False
    return bool(_BYLINE.match(line) or _REPORT_BY.match(line) or _POSTED_BY.match(line))


def _is_head_matter(line: str, title: str) -> bool:
    """Say whether a line at the head repeats the title, is a date stamp, or is a caption."""
    if len(line) > _LONGEST_BOILERPLATE:
        return False
    if title and _letters(line) == _letters(title):
        return True
    words = [word.strip("|,.-–•()/:") for word in line.casefold().split()]
    if len(line) <= _LONGEST_LABEL and all(
        not word or word in _STAMP_WORDS or not word.strip("0123456789/.:-") for word in words
    ):
        return True
    return bool(_CAPTION_END.search(line[-_EDGE:]))


def _letters(line: str) -> str:
    return "".join(char for char in line.casefold() if char.isalnum())


def _is_headline(line: str) -> bool:
    """Say whether a line reads like one linked headline or several: words, no stop, no list number."""
    return (
        line[-1:] not in ".!?…\"”'’)]:;,"
        and line[:1] not in "-–•*("
        and not line[:1].isdigit()
        and len(line.split()) >= _HEADLINE_WORDS
        and ". " not in line
    )


def _is_title_case(line: str) -> bool:
    words = [word for word in line.split()[2:] if word[:1].isalpha()]
    return bool(words) and 2 * sum(word[0].isupper() for word in words) > len(words)


def _strip_marks(number: int, line: str, removed: list[_Line]) -> str:
    """Take video and advertisement marks out of a line of prose."""
    for pattern in (_VIDEO_MARK, _AD_MARK):
        marks = pattern.findall(line)
        if marks:
            removed.extend((number, mark) for mark in marks)
            line = " ".join(pattern.sub(" ", line).split())
    return line


def _read_author(line: str) -> str:
    """Return the reporter's name in a byline that was taken out, or ""."""
    if not _is_byline(line):
        return ""
    report = _REPORT_BY.match(line)
    if report:
        return report[1].strip()
    byline = _BYLINE.match(line)
    if byline and byline[1].casefold() in _AUTHOR_LABELS:
        return re.split(r"\s?[|/•]", byline[2], maxsplit=1)[0].strip()
    return ""


def _cut_tail(lines: list[_Line], removed: list[_Line]) -> list[_Line]:
    """Cut what stands behind "Komentar" or behind the reporters' signature, and the signature itself."""
    sizes = [len(line) for _, line in lines]
    total = sum(sizes)
    behind = total
    for index, (number, line) in enumerate(lines):
        behind -= sizes[index]
        if line.casefold().rstrip(" :") in _END_LINES:
            if index and behind <= _LARGEST_LIST * total:
                removed.extend(lines[index:])
                lines = lines[:index]
                break
            continue
        signature = _SIGNATURE.search(line[-_EDGE:])
        if signature:
            removed.append((number, signature[0]))
            lines[index] = (number, line[: len(line) - len(signature[0])].rstrip())
            if behind <= _LARGEST_TAIL * total:
                removed.extend(lines[index + 1 :])
                lines = lines[: index + 1]
                break
    if lines:
        number, line = lines[-1]
        initials = _BARE_INITIALS.search(line[-_EDGE:])
        if initials:
            removed.append((number, initials[0]))
            lines[-1] = (number, line[: len(line) - len(initials[0])].rstrip())
    return [(number, line) for number, line in lines if line]


def _cut_dateline(lines: list[_Line], removed: list[_Line]) -> tuple[str, list[_Line]]:
    """Cut the first dateline; return its place and the lines."""
    for index, (number, line) in enumerate(lines[:_HEAD_LINES]):
        # Some pages close the paragraph behind the dash.
        alone = line.endswith(tuple(_DASHES)) and index + 1 < len(lines)
        head = (f"{line} {lines[index + 1][1]}" if alone else line)[:_EDGE]
        patterns = (*_DATELINES, _BARE_DATELINE) if index == 0 else _DATELINES
        match = next((found for pattern in patterns if (found := pattern.match(head))), None)
        if match is None or any(word.strip(",").casefold() in _NO_PLACES for word in match["place"].split()):
            continue
        if alone and match.end() <= len(line):
            continue
        removed.append((number, match[0].strip()))
        rest = line[match.end() :].lstrip()
        return match["place"], [*lines[:index], *([(number, rest)] if rest else []), *lines[index + 1 :]]
    return "", lines
