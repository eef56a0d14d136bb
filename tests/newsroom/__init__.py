"""The embedded newsroom: invented outlets, texts and faults, built into one WARC file for replays.

    python -m tests.newsroom build     data/sample/newsroom/ -> newsroom.warc.gz and newsroom-gold.jsonl
    python -m tests.newsroom check     exit 1 when the shipped files differ from a fresh build

Promises: the same texts give the same bytes, on any day and any machine. All outlets live under `.test`,
which no resolver knows; all texts and private persons are invented. Never does: open a connection.
"""
