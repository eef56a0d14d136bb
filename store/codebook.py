"""The values of the codebook's fields; other rooms import them from store.records.

Promises: the order is part of the contract: models number their answers by it. Never does: compute.
"""

LABELS: tuple[str, ...] = ("case", "related", "none")
TYPES: tuple[str, ...] = (
    "banner",
    "online_campaign",
    "engage",
    "photo_symbol",
    "attend_active",
    "spouse_no_leave",
    "party_approach",
    "party_member",
    "partisan_activity",
    "mobilise",
    "team",
    "id_support",
    "partisan_decision",
    "state_facility",
    "other",
)
STAGES: tuple[str, ...] = ("pre", "post", "unknown")
PROCESSES: tuple[str, ...] = (
    "rumor",
    "report",
    "clarification",
    "forwarded",
    "recommendation",
    "sanction",
    "verdict",
    "cleared",
    "unknown",
)
POSITIONS: tuple[str, ...] = (
    "jpt",
    "pj_head",
    "camat_lurah",
    "school_health",
    "other_asn",
    "unspecified",
)
NONE_TAGS: tuple[str, ...] = (
    "pledge",
    "exhortation",
    "regulation",
    "roundup",
    "system",
    "opinion",
    "lawful_candidacy",
    "asn_victim",
    "other_discipline",
    "other_election",
    "party_or_candidate",
    "election_admin",
    "foreign",
    "off_topic",
)
RELATED_TAGS: tuple[str, ...] = ("village", "tni_polri", "honorer", "organiser", "state_official")
