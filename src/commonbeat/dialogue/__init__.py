"""What do people think together? Statements and votes in; groups only where supported, and common ground, out.

votes = dialogue.read_polis(folder)            or votes_from_frame(votes, statements)
dialogue.common_ground(votes, known_groups)    what all known groups share: needs no clustering
dialogue.groups(votes, seed=1)                 how many opinion groups, none included
dialogue.representative(votes, groups)         what a group says that others do not
dialogue.next_statement(votes, person)         what to ask next
"""

from commonbeat.dialogue.abuse import Flags, flags
from commonbeat.dialogue.agreement import CommonGround, Ground, KnownGroups, common_ground, known_groups
from commonbeat.dialogue.conversation import Conversation, conversation
from commonbeat.dialogue.erasing import Release, erase, next_release
from commonbeat.dialogue.frames import votes_from_frame
from commonbeat.dialogue.grouping import Groups, groups
from commonbeat.dialogue.groups_file import NamedGroups, read_groups
from commonbeat.dialogue.mapping import OpinionMap, opinion_map
from commonbeat.dialogue.reading import read_polis
from commonbeat.dialogue.routing import NextStatement, next_statement, priorities
from commonbeat.dialogue.telling import Representative, Said, representative
from commonbeat.dialogue.votes import Votes, parse_ids

__all__ = [
    "CommonGround",
    "Conversation",
    "Flags",
    "Ground",
    "Groups",
    "KnownGroups",
    "NamedGroups",
    "NextStatement",
    "OpinionMap",
    "Release",
    "Representative",
    "Said",
    "Votes",
    "common_ground",
    "conversation",
    "erase",
    "flags",
    "groups",
    "known_groups",
    "next_release",
    "next_statement",
    "opinion_map",
    "parse_ids",
    "priorities",
    "read_groups",
    "read_polis",
    "representative",
    "votes_from_frame",
]
