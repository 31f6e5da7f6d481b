"""The short lists that many tables share. One list, one spelling, everywhere."""

RINGS = ("officer", "participant", "onlooker", "neighbour", "viewer")
CONTACT_KINDS = ("positive", "service", "enforcement")
ACTIVITIES = (
    "play",
    "dance",
    "conversation",
    "help",
    "event",
    "call",
    "stop",
    "search",
    "citation",
    "arrest",
    "other",
)
YES_NO_UNKNOWN = ("yes", "no", "unknown")
BEGAN_BY = ("resident", "officer", "chance", "unknown")
HOW_KNOWN = ("self_described", "officer_impression", "not_asked")
PARENT_HOW = ("declared", "inferred", "unknown")
SPREAD_KINDS = ("view", "share", "reply", "mention")
STANCES = ("agree", "object", "question", "comment")
STORY_STATES = (
    "draft", "consent_check", "footage_check", "second_approval", "scheduled", "published", "corrected", "withdrawn"
)  # fmt: skip
CONSENT_EVENTS = ("given", "refused", "withdrawn", "expired", "aged_out")
CONSENT_PURPOSES = ("record", "keep", "publish", "face_visible", "voice", "study")
CHANNELS = ("site", "embed", "feed", "press", "social", "study")
SAMPLES = ("probability", "panel", "open_link")
SIDES = ("resident", "officer")
REFERENTS = ("my_area", "in_general")
TIE_KINDS = ("adjacent", "network", "household")
INDICATORS = ("training", "policy", "complaint_handling", "reach", "trust")
AGE_BANDS = ("0-9", "10-17", "18-29", "30-44", "45-64", "65+", "unknown")
SEXES = ("female", "male", "other", "unknown")
