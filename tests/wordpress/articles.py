"""Forty articles of an invented regional paper: eight subjects in five districts that are on no map.

Promises: the same articles for the same moment; each subject is written in one of the ways in which editors
write in WordPress, and each article says what a reader should get of it. All of it is ours, all names are
invented. Never does: ask WordPress anything.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

#: District, and a person there.
PLACES = (
    ("Tanjung Sira", "Marlina Dopong"),
    ("Lembah Karing", "Yosef Tangkuman"),
    ("Muara Teluh", "Hasanah Bintari"),
    ("Bukit Sampan", "Gusti Larang"),
    ("Rantau Bulir", "Petrus Waleng"),
)


@dataclass(frozen=True)
class Article:
    """One article: what goes into WordPress, and what a reader gets."""

    name: str
    title: str
    #: As an editor's screen stores it.
    content: str
    paragraphs: tuple[str, ...]
    #: Local time of the paper.
    published: datetime

    @property
    def post(self) -> dict[str, str]:
        """WordPress's own names of these."""
        return {
            "post_name": self.name,
            "post_title": self.title,
            "post_content": self.content,
            "post_date": f"{self.published:%Y-%m-%d %H:%M:%S}",
        }


def block(text: str, name: str = "paragraph", tag: str = "p") -> str:
    """Write one block of the block editor."""
    return f"<!-- wp:{name} -->\n<{tag}>{text}</{tag}>\n<!-- /wp:{name} -->"


def blocks(lines: Sequence[str]) -> str:
    """Paragraphs of the block editor."""
    return "\n\n".join(map(block, lines))


def classic(lines: Sequence[str]) -> str:
    """The old editor: no tags, paragraphs by empty lines, as WordPress makes them when it shows them."""
    return "\n\n".join(lines)


def divided(lines: Sequence[str]) -> str:
    """Two pages, as papers make them for more clicks."""
    middle = "<!-- wp:nextpage -->\n<!--nextpage-->\n<!-- /wp:nextpage -->"
    return "\n\n".join([blocks(lines[:2]), middle, blocks(lines[2:])])


def teased(lines: Sequence[str]) -> str:
    """With the mark where lists cut it off."""
    return "\n\n".join(
        [blocks(lines[:1]), "<!-- wp:more -->\n<!--more-->\n<!-- /wp:more -->", blocks(lines[1:])]
    )


def pictured(lines: Sequence[str]) -> str:
    """With a picture and the words under it, which are no part of the text."""
    picture = (
        '<!-- wp:image --><figure class="wp-block-image">'
        '<img src="/wp-includes/images/media/document.png" alt=""/>'
        "<figcaption>Suasana di lokasi. (Foto: Dokumentasi warga)</figcaption></figure><!-- /wp:image -->"
    )
    return "\n\n".join([picture, blocks(lines)])


def linked(lines: Sequence[str]) -> str:
    """With a link to another article between two paragraphs, which is no part of the text either."""
    other = block('<strong>Baca juga: <a href="/?p=2">Jadwal Kapal Perintis Berubah</a></strong>')
    return "\n\n".join([blocks(lines[:2]), other, blocks(lines[2:])])


def quoted(lines: Sequence[str]) -> str:
    """With a quotation set apart."""
    quotation = f'<blockquote class="wp-block-quote">{block(lines[1])}</blockquote>'
    inner = f"<!-- wp:quote -->{quotation}<!-- /wp:quote -->"
    return "\n\n".join([block(lines[0]), inner, blocks(lines[2:])])


#: Headline, lines, and how it is written. {0} is the district, {1} the person.
SUBJECTS: tuple[tuple[str, tuple[str, ...], Callable[[Sequence[str]], str]], ...] = (
    (
        "Jembatan Gantung {0} Kembali Dibuka untuk Warga",
        (
            "Jembatan gantung di {0} kembali dibuka setelah papan lantainya diganti selama dua pekan.",
            'Kepala dusun {1} mengatakan kendaraan roda empat tetap dilarang melintas. "Jembatan ini untuk '
            'pejalan kaki dan sepeda motor," ujarnya.',
            "Warga yang hendak ke pasar kini tidak perlu lagi memutar sejauh sembilan kilometer lewat hulu.",
            "Pemerintah desa berjanji memeriksa tali baja setiap enam bulan dan menempel hasilnya di balai.",
        ),
        blocks,
    ),
    (
        "Panen Rumput Laut di {0} Turun karena Cuaca",
        (
            "Petani rumput laut di {0} memanen lebih sedikit musim ini karena ombak merusak tali bentangan.",
            "Menurut {1}, hasil yang biasanya lima karung sehari kini tinggal dua karung.",
            "Harga di pengepul justru naik, tetapi belum menutup biaya bibit yang hanyut bersama arus.",
            "Penyuluh menyarankan agar bentangan dipindahkan ke teluk yang terlindung sampai angin reda.",
        ),
        classic,
    ),
    (
        "Puskesmas {0} Menambah Jam Layanan & Loket Lansia",
        (
            "Puskesmas {0} melayani pasien hingga sore dan membuka loket khusus bagi warga lanjut usia.",
            "Koordinator layanan {1} menuturkan antrean pagi selama ini mencapai seratus orang.",
            "Dengan jam tambahan, petani dan nelayan dapat berobat sepulang dari kebun atau laut.",
            "Layanan gawat darurat tetap buka sepanjang hari dan tidak memerlukan nomor antrean.",
        ),
        pictured,
    ),
    (
        "Camat {0} Mengingatkan Pegawai agar Netral Menjelang Pemilihan",
        (
            "Camat {0} mengumpulkan pegawai kecamatan dan kelurahan untuk membahas netralitas aparatur.",
            "Dalam pertemuan itu {1} meminta pegawai tidak mengunggah dukungan kepada bakal calon mana pun.",
            "Pegawai juga diingatkan agar kendaraan dinas tidak dipakai pada akhir pekan tanpa surat tugas.",
            "Warga yang melihat dugaan pelanggaran dapat melapor ke pengawas pemilihan di tingkat kecamatan.",
        ),
        linked,
    ),
    (
        "Pasar Malam {0} Dipindahkan ke Lapangan Baru",
        (
            "Pasar malam yang memakai bahu jalan di {0} dipindahkan ke lapangan di belakang terminal.",
            "Ketua paguyuban pedagang {1} menyebut semua lapak sudah mendapat nomor lewat undian terbuka.",
            "Di halaman terminal tersedia tempat parkir untuk tiga ratus sepeda motor dan dua puluh mobil.",
            "Petugas kebersihan akan mengangkut sampah dua kali, yaitu tengah malam dan menjelang subuh.",
        ),
        divided,
    ),
    (
        "Anak-anak {0} Belajar Menenun Sepulang Sekolah",
        (
            "Sebuah rumah panggung di {0} menjadi tempat anak-anak belajar menenun tiga kali sepekan.",
            "Tangan mereka masih kaku, tetapi mereka sabar menghitung benang, kata {1} yang mengajar.",
            "Benang kapas dibeli dari sisa uang penjualan kain pada pameran kabupaten tahun lalu.",
            "Kelas berikutnya dibuka untuk remaja yang putus sekolah dan ingin memiliki keterampilan.",
        ),
        quoted,
    ),
    (
        "Air Bersih di {0} Mengalir Dua Hari Sekali",
        (
            "Pelanggan air bersih di {0} harus menampung air karena pompa utama masih diperbaiki.",
            "Teknisi {1} memperkirakan suku cadang tiba dengan kapal barang pada akhir bulan.",
            "Selama perbaikan, mobil tangki berkeliling ke gang yang letaknya paling tinggi setiap pagi.",
            "Tagihan bulan ini dipotong separuh bagi rumah yang tidak menerima air lebih dari sepekan.",
        ),
        teased,
    ),
    (
        "Regu Voli Putri {0} Juara Turnamen Antarkecamatan",
        (
            "Regu voli putri {0} menjuarai turnamen antarkecamatan setelah menang tiga gim langsung.",
            "Pelatih {1} memuji pertahanan anak asuhnya yang jarang membiarkan bola jatuh di garis belakang.",
            "Sepanjang turnamen regu ini hanya kehilangan satu gim, yaitu pada babak penyisihan.",
            "Hadiahnya sebuah piala, lima belas pasang sepatu, dan tiket ke kejuaraan tingkat provinsi.",
        ),
        blocks,
    ),
)


def write_articles(newest: datetime) -> list[Article]:
    """Write the articles, newest first: one every three hours back from `newest`, so five days of them."""
    articles = []
    for number, (title, lines, written) in enumerate(s for s in SUBJECTS for _ in PLACES):
        place, person = PLACES[number % len(PLACES)]
        filled = tuple(line.format(place, person) for line in lines)
        articles.append(
            Article(
                name=f"kabar-{number:02d}-{place.lower().replace(' ', '-')}",
                title=title.format(place),
                content=written(filled),
                paragraphs=filled,
                published=newest - timedelta(hours=3 * number),
            )
        )
    return articles
