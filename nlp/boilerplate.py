"""Knows the lines of an Indonesian news page that are no part of its article.

Promises: a line is judged by itself, in linear time; what a sentence of an article may begin with ("Baca juga
aturan ...") is no boilerplate by that alone. Never does: change a line, or look at the page around it.
"""

import re

#: Boilerplate is short: a longer line is prose and is kept whatever it begins with.
LONGEST_BOILERPLATE = 400
#: A byline or a label such as "Editor: ..." is shorter still.
LONGEST_LABEL = 120
#: Captions, datelines and signatures are looked for in so many characters at the ends of a line.
EDGE = 120
#: A name with its label ("Ditulis oleh: Rani Ayu Paembonan") has at most so many words.
_LONGEST_NAME_WORDS = 6
#: A headline has at least so many words; a shorter line without a full stop is a crosshead and is kept.
_HEADLINE_WORDS = 5


def phrases(listing: str) -> frozenset[str]:
    """Return the phrases in a listing that is parted by bars."""
    return frozenset(" ".join(phrase.split()) for phrase in listing.split("|"))


#: Lines that are boilerplate when they hold nothing else (case-folded, without a colon or stop at the end).
_WHOLE_LINES = phrases("""
    advertisement | iklan | scroll to continue with content | scroll to resume content | scroll to continue
    | gulir untuk lanjut membaca | lanjut baca setelah iklan | loading | bagikan | share | salin tautan
    | copy link | cetak | print | selengkapnya | lihat semua | tampilkan semua | halaman selanjutnya
    | halaman berikutnya | selanjutnya | sebelumnya | next page | show all | beranda | blogthis!
    | kirimkan ini lewat email | berbagi ke x | berbagi ke facebook | bagikan ke pinterest
    | bagikan artikel ini | lebih baru | lebih lama | lebih baru lebih lama | posting lebih baru
    | posting lama | tidak ada komentar | 0 komentar | add comment | lihat foto | lihat paket
    | scroll ke bawah untuk melanjutkan | scroll ke bawah untuk melanjutkan membaca
    | lanjut ke halaman berikutnya | langganan sekarang | berlangganan sekarang | lihat versi web
    | lanjutkan membaca | sudah berlangganan? masuk | previous post | next post | post views
""")
#: Lines behind which a page has no article any more.
_END_LINES = phrases("""
    komentar | leave a comment | leave a reply | tinggalkan balasan | tinggalkan komentar | posting komentar
    | tulis komentar | poskan komentar | postingan populer | entri populer | keyword | keywords | kata kunci
    | tag | tags | topik | topik terkait | label
    | your email address will not be published. required fields are marked *
    | alamat email anda tidak akan dipublikasikan. ruas yang wajib ditandai *
""")
#: Lines that open a list of headlines, in the middle of an article or behind it.
_LIST_LINES = phrases("""
    baca juga | baca pula | lihat juga | simak juga | tonton juga | pilihan editor | terkini
    | berita terkini | terpopuler | berita terpopuler | berita populer | berita terkait | artikel terkait
    | berita lainnya | artikel lainnya | rekomendasi untuk anda | related posts | related articles
    | baca berita lainnya | jangan lewatkan | most popular | most read | berita terbaru | artikel terbaru
    | terbaru | populer | rekomendasi | rekomendasi berita | terkini lainnya | berita rekomendasi | trending
    | sering dibaca | baca lainnya | berita pilihan | pilihan redaksi | anda mungkin suka
    | you may also like | related stories | paling banyak dibaca | pos-pos terbaru | recent posts
    | latest news | mungkin anda suka | warta terkait
""")
#: Lines that begin with one of these are links to other articles, videos or rights notices (case-folded).
_LINK_START = re.compile(
    r"(?:(?:baca|lihat|simak|tonton|saksikan)"
    r"(?: juga| pula| selengkapnya| artikel| berita| video| ini){0,3}\s?[:：]"
    r"|(?:simak|saksikan|tonton|lihat)(?: juga| pula)? video\b"
    r"|pilihan editor\s?[:：]|(?:berita|artikel) terkait\s?[:：]"
    r"|(?:artikel|berita|tulisan) ini (?:telah|sudah|pernah) (?:tayang|terbit|dimuat|dipublikasikan)"
    r"|dilarang keras (?:mengambil|menyalin|mengutip|meng-copy)|copyright\b|hak cipta\b|©|belum ada komentar"
    r"|the post\b.{1,250}\bappeared first on\b|this entry was posted (?:on|in|by)\b|last_updated2\b"
    r"|tonton (?:siaran langsung|live streaming)\b|komentar tampil setelah|be smart, read more"
    r"|(?:artikel|konten|berita) ini (?:khusus|hanya|eksklusif) (?:untuk )?"
    r"(?:pelanggan|member|anggota|pembaca premium)"
    r"|lanjutkan membaca dengan berlangganan|(?:silakan |ayo )?berlangganan untuk (?:membaca|melanjutkan)"
    r"|dukung (?:jurnalisme|kami dengan|kerja jurnalis))"
)
_LINK_WITHOUT_COLON = re.compile(r"(?:baca|lihat|simak|tonton) (?:juga|pula)\s")
#: An invitation to a channel names the channel and begins with an imperative; a case report does not.
_CHANNEL = re.compile(
    r"\b(?:whats ?app|telegram|google news|(?:saluran|kanal|channel) wa|newsletter|daftarkan email"
    r"|klik untuk bergabung|kejutan menarik)\b"
)
_CHANNEL_START = re.compile(
    r"(?:simak|ikuti|dapatkan|gabung|bergabung|join|klik|cek|update|follow|yuk|mari|ayo|jangan lewatkan"
    r"|nikmati|baca|langganan|berlangganan|temukan|ingin)\b"
)
_PAGE_NUMBER = re.compile(
    r"(?:halaman|page|laman)\s?:?\s?\d{1,2}(?:\s?(?:/|dari|of)\s?\d{1,2})?"
    r"(?:\s?(?:all|semua|sebelumnya|selanjutnya|halaman (?:selanjutnya|berikutnya)))?\Z"
)
_BYLINE = re.compile(
    r"(penulis|pewarta|reporter|wartawan|jurnalis|kontributor|laporan|oleh|editor|redaktur|penyunting|uploader"
    r"|fotografer|sumber|source|tags?|label|topik|kata kunci)"
    r"(?: (?:dan|&) \w{4,12})?\s?[:：]\s?(.*)\Z",
    re.IGNORECASE,
)
#: The labels of _BYLINE that name who wrote; the others name who edited, filed or published.
_AUTHOR_LABELS = phrases("penulis | pewarta | reporter | wartawan | jurnalis | kontributor | laporan | oleh")
_REPORT_BY = re.compile(
    r"laporan (?:wartawan|reporter|jurnalis|kontributor)\b[^,|:]{0,60}[,|:]?\s?(.*)\Z", re.IGNORECASE
)
_POSTED_BY = re.compile(r"(?:diposting|diterbitkan|ditulis|posted) (?:oleh|by)\s", re.IGNORECASE)
_CAPTION_START = re.compile(
    r"(?:foto|keterangan foto|ket\.? foto|ilustrasi|caption|gambar|photo)\s?[:：]", re.IGNORECASE
)
#: "Spanduk diturunkan. Foto: Rani Paembonan"
_PHOTO_CREDIT = re.compile(r"(?:\A|[.!?)]\s)(?:foto|photo)\s?[:/]\s?[A-Z][\w./ -]{1,40}\Z", re.IGNORECASE)
_LONGEST_CREDIT = 200
#: A line with fewer characters and no letter is a page number.
_LONGEST_NUMBER = 3
_CAPTION_END = re.compile(
    r"(?:[(\[]\s?(?:(?:foto|photo|ilustrasi|screenshot|tangkapan layar)\s?[:/.]|dok\b|ist\b|istimewa\b)"
    r"[^()\[\]]{0,60}[)\]]"
    r"|\s[-–—/]\s?(?:foto|photo|dok)\b\.?\s?:?\s?[\w./ ]{1,40}"
    r"|/\s?(?:foto|photo|dok)\s?[:.]\s?[\w./ ]{1,40}"
    r"|/\s?(?:ist|istimewa))\.?\Z",
    re.IGNORECASE,
)
#: "... tanda tangan. (Warta.test/Rani Paembonan)"
_AGENCY_CREDIT = re.compile(r"[(\[][\w.-]{2,30}\.(?i:com|id|test|net)/[A-Z]\w+ [\w .]{2,40}[)\]]\Z")
_VIDEO_MARK = re.compile(r"\[(?:gambas|video|embed)\s?:[^\]\n]{1,80}\]", re.IGNORECASE)
_AD_MARK = re.compile(r"\b(?:ADVERTISEMENT|SCROLL TO (?:CONTINUE|RESUME)(?: WITH)? CONTENT)\b")

_OFFICE_WORDS = phrases("""
    humas | puspen | biro | protokol | kominfo | diskominfo | redaksi | tim | dan | antara | hukum | bagian
    | dok | dokumentasi | foto | istimewa
""")
_STAMP_WORDS = phrases("""
    senin | selasa | rabu | kamis | jumat | jum'at | jum’at | sabtu | minggu | ahad | hari | januari
    | februari | maret | april | mei | juni | juli | agustus | september | oktober | november | desember
    | jan | feb | mar | apr | jun | jul | agu | agt | sep | sept | okt | nov | nop | des | wib | wita | wit
    | january | february | march | may | june | july | august | october | december | monday | tuesday
    | wednesday | thursday | friday | saturday | sunday | oct | dec | aug | st | nd | rd | th | at | on
    | pukul | jam | am | pm | dibaca | kali | views | menit | hari | yang | lalu | detik
""")


def is_office(name: str) -> bool:
    """Say whether a name is that of a press office or a newsroom, not of a person."""
    return not _OFFICE_WORDS.isdisjoint(re.split(r"[\W_]+", name.casefold()))


def is_name(line: str) -> bool:
    """Say whether a line reads like a person's name: a few capitalised words and no sign behind them."""
    words = line.split()
    return (
        2 <= len(words) <= _LONGEST_NAME_WORDS
        and line[-1].isalpha()
        and all(word[0].isupper() and word.replace(".", "").replace("'", "").isalpha() for word in words)
    )


def is_list_heading(line: str) -> bool:
    """Say whether a line is the heading of a list of other articles, such as "Berita Terkait"."""
    return line.casefold().rstrip(" :.") in _LIST_LINES


def is_end_line(line: str) -> bool:
    """Say whether an article is over where this line stands alone ("Komentar")."""
    return line.casefold().rstrip(" :") in _END_LINES


def is_boilerplate(line: str) -> bool:
    """Say whether a line is no part of an article, wherever it stands."""
    folded = line.casefold().rstrip(" :.»>")
    if not folded or folded in _WHOLE_LINES:
        return True
    if len(line) > LONGEST_BOILERPLATE or folded in _END_LINES:
        return False
    if len(line) <= _LONGEST_NUMBER and not any(map(str.isalpha, line)):
        # The numbers of a pager, or a bullet whose text stands elsewhere.
        return True
    if len(line) <= _LONGEST_CREDIT and _PHOTO_CREDIT.search(line[-EDGE:]):
        return True
    if _LINK_START.match(folded) or _PAGE_NUMBER.match(folded) or _CAPTION_START.match(line):
        return True
    if _LINK_WITHOUT_COLON.match(folded) and (
        line.startswith(("BACA JUGA ", "LIHAT JUGA ")) or (is_headline(line) and _is_title_case(line))
    ):
        return True
    if _CHANNEL_START.match(folded) and _CHANNEL.search(folded):
        return True
    return _is_byline(line)


def _is_byline(line: str) -> bool:
    if len(line) > LONGEST_LABEL or line.endswith((".", "!", "?", '"', "”")):
        return False
    return bool(_BYLINE.match(line) or _REPORT_BY.match(line) or _POSTED_BY.match(line))


def is_head_matter(line: str, title: str) -> bool:
    """Say whether a line at the head repeats the title, is a date stamp, or is a caption."""
    if len(line) > LONGEST_BOILERPLATE:
        return False
    if title and letters(line) == letters(title):
        return True
    if len(line) <= LONGEST_LABEL and _is_stamp(line):
        return True
    return bool(_CAPTION_END.search(line[-EDGE:]) or _AGENCY_CREDIT.search(line[-EDGE:]))


def _is_stamp(line: str) -> bool:
    """Say whether a line is a date, alone or beside a name ("Rani Paembonan • 19 February 2024 21:07")."""
    parts = [part for part in re.split(r"\s?[|•·@]\s?|\s(?=by\s|oleh\s)", line) if part]
    dates = [part for part in parts if _is_date(part)]
    names = [part for part in parts if part not in dates]
    return bool(dates) and all(
        len(name.split()) <= _LONGEST_NAME_WORDS and name[-1] not in ".!?" for name in names
    )


def _is_date(part: str) -> bool:
    words = [word.strip("|,.-–•()/:") for word in part.casefold().split()]
    return any(map(str.isdigit, part)) and all(
        not word or word in _STAMP_WORDS or not word.strip("0123456789/.:-") for word in words
    )


def split_marks(line: str) -> tuple[str, list[str]]:
    """Return a line of prose without the video and advertisement marks in it, and these marks."""
    marks: list[str] = []
    for pattern in (_VIDEO_MARK, _AD_MARK):
        found = pattern.findall(line)
        if found:
            marks += found
            line = " ".join(pattern.sub(" ", line).split())
    return line, marks


#: What str.isalnum() calls neither letter nor figure.
_SIGNS = re.compile(r"[\W_]+")


def letters(line: str) -> str:
    """Return the letters and figures of a line, case-folded, to compare what differs in signs only."""
    return _SIGNS.sub("", line.casefold())


def is_headline(line: str) -> bool:
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


def read_author(line: str) -> str:
    """Return the reporter's name in a byline that was taken out, or ""."""
    line = line.removeprefix("(").removesuffix(")")
    if not _is_byline(line):
        return ""
    report = _REPORT_BY.match(line)
    if report:
        return report[1].strip()
    byline = _BYLINE.match(line)
    if byline and byline[1].casefold() in _AUTHOR_LABELS:
        return re.split(r"\s?[|/•]", byline[2], maxsplit=1)[0].strip()
    return ""
