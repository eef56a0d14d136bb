#!/usr/bin/env bash
# An analyst's day on the embedded sample newsroom, every step a command of pipeline.py:
#   docs/day.sh                    nightly, sheet, LibreOffice, import, second review, agreement, recall, history
#   docs/day.sh --retrain          then a whole retraining (an hour and more), comparison, promotion, rollback
#   docs/day.sh --retrain --labels DIR --seed 18    the same with options of `retrain`: a part of the labels
#                                  takes minutes; its model is likely refused, and why is said
# Needs `make demo` or `make test` once, and LibreOffice. Works in a folder of its own and leaves it behind.
set -eu
cd "$(dirname "$0")/.."
work=${WORK:-$(mktemp -d)}
export NETRA_DB="sqlite:///$work/netra.db"
netra() { echo; echo "\$ pipeline.py $*"; .venv/bin/python pipeline.py "$@"; }

# The night. Exit code 1 is right: some outlets of the sample fail on purpose.
netra nightly --replay data/sample/newsroom.warc.gz --out "$work" || test $? -eq 1

# Two reviewers with accounts of their own.
export NETRA_REVIEWER_PASSWORD="contoh saja, ganti di tempat nyata"
netra reviewers add "Sekar Contoh" --role reviewer
netra reviewers add "Bagas Contoh" --role reviewer

# The sheet as XLSX; the first reviewer fills it in, LibreOffice opens and saves it.
netra export --format xlsx --sources data/sample/sources --out "$work"
sheet=$(ls "$work"/*.xlsx | head -1)
.venv/bin/python - "$sheet" <<'PY'
import sys
from openpyxl import load_workbook
book = load_workbook(sys.argv[1])
rows = book.active
names = {cell.value: cell.column for cell in rows[1]}
for number in range(2, rows.max_row + 1):
    rows.cell(number, names["keputusan"]).value = "ragu" if number % 7 == 0 else "bukan" if number % 5 == 0 else "pelanggaran"
    rows.cell(number, names["peninjau"]).value = "Sekar Contoh"
book.save(sys.argv[1])
PY
mkdir -p "$work/back"
soffice --headless "-env:UserInstallation=file://$work/profile" --convert-to ods --outdir "$work/back" "$sheet" >/dev/null 2>&1
back=$(ls "$work"/back/*.ods)
netra import "$back" --dry-run
netra import "$back"
netra import "$back"   # once more: nothing changes

# The audit slice, drawn at random from below the threshold, as CSV; what is found in it gives the recall below.
# It looks back 30 nights; those of the sample lie in September 2024.
netra export --queue audit --date 2024-09-19 --sources data/sample/sources --out "$work/audit"
for sheet in "$work"/audit/*.csv; do
    .venv/bin/python - "$sheet" <<'PY'
import sys
import pandas
rows = pandas.read_csv(sys.argv[1], dtype=str, keep_default_na=False, encoding="utf-8-sig")
rows["keputusan"], rows["peninjau"] = "bukan", "Sekar Contoh"
rows.to_csv(sys.argv[1], index=False, encoding="utf-8-sig")
PY
    netra import "$sheet"
done

# A second reviewer decides blindly on a share of the incidents; then agreement, and what they differ on.
netra labels second --reviewer "Bagas Contoh" --share 0.5 | tee "$work/second.txt"
for incident in $(grep -o 'I-[0-9a-f]\{12\}' "$work/second.txt" | head -8); do
    netra labels decide "$incident" --review second --decision case --reviewer "Bagas Contoh" >/dev/null
done
netra labels agreement
netra labels disagreements
netra labels recall
netra labels check
netra digest --out "$work" >/dev/null
netra models drift --weeks 520

if [ "${1:-}" = "--retrain" ]; then
    # Compared with the model in use by itself, and promoted when better. A person may promote a model that meets
    # the floors all the same; rollback is the way back from either.
    shift
    netra retrain --out "$work/netra-day" --reviews --promote "$@"
    netra models promote "$work/netra-day" || echo "(refused: the model in use stays)"
    netra models rollback || echo "(nothing to go back from)"
    netra models list
fi
echo; echo "everything lies in $work"
