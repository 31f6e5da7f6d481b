"""An export is read with its traps; what is wrong is named by file and line, and nothing is half-read."""

import pytest

from commonbeat import dialogue
from commonbeat.errors import BadInput


def said(votes):
    """{(person, statement): value}"""
    return {
        (votes.people[p], votes.statement_ids[s]): int(v)
        for p, s, v in zip(votes.person, votes.statement, votes.value)
    }


def test_the_last_vote_by_time_counts_wherever_its_row_stands(export):
    folder = export([(2000, 0, 7, -1), (1000, 0, 7, 1), (1500, 1, 7, 0), (10, 1, 8, 1)])
    votes = dialogue.read_polis(folder)
    assert said(votes) == {(7, 0): -1, (7, 1): 0, (8, 1): 1}
    assert (votes.rows, len(votes), votes.agrees, votes.disagrees, votes.passes) == (4, 3, 1, 1, 1)


def test_two_votes_at_one_instant_that_differ_count_as_a_pass_and_are_said(export):
    one = dialogue.read_polis(export([(1, 0, 1, 1), (1, 0, 1, -1), (1, 1, 1, 1)], name="a"))
    other = dialogue.read_polis(export([(1, 1, 1, 1), (1, 0, 1, -1), (1, 0, 1, 1)], name="b"))
    assert said(one) == said(other) == {(1, 0): 0, (1, 1): 1}
    assert "1 votes were given twice at the same instant" in one.notes[0]


def test_a_person_who_votes_ten_thousand_times_has_one_vote(export):
    votes = dialogue.read_polis(export([(t, 0, 1, 1 if t % 2 else -1) for t in range(10_000)] + [(1, 1, 2, 1)]))
    assert said(votes) == {(1, 0): 1, (2, 1): 1}
    assert dialogue.flags(votes).kinds["revoting"].tolist() == [p == 1 for p in votes.people]


def test_without_the_event_log_the_final_table_is_read_and_said(export):
    wide = "participant,xid,group-id,n-comments,n-votes,n-agree,n-disagree,0,2\n5,,0,0,2,1,1,1,-1\n6,,,0,1,0,0,,0\n"
    votes = dialogue.read_polis(export(None, wide=wide))
    assert said(votes) == {(5, 0): 1, (5, 2): -1, (6, 2): 0}
    assert dict(zip(votes.people.tolist(), votes.recorded)) == {5: "0", 6: None}
    assert any("votes.csv is not there" in n for n in votes.notes)


def test_line_breaks_inside_statements_do_not_shift_them(export):
    head = "timestamp,comment-id,moderated,is-meta,comment-body\n"
    comments = head + '1,0,1,false,"One\nline, and\nanother"\n1,1,-1,true,""\n'
    votes = dialogue.read_polis(export([(1, 0, 1, 1), (1, 1, 1, 1)], comments=comments))
    assert votes.texts == ("One line, and another", "")
    assert votes.moderated.tolist() == [1, -1] and votes.attribute.tolist() == [False, True]


def test_rejected_statements_keep_their_votes_but_are_no_opinion(export):
    votes = dialogue.read_polis(export([(1, 0, 1, 1), (1, 1, 1, 1), (1, 2, 1, 1)], moderated={1: -1}))
    assert len(votes) == 3 and votes.opinions.tolist() == [True, False, True]


def test_ids_are_named_in_ranges():
    assert dialogue.parse_ids("1-3, 20,a-b", ["1", "2", "3", "20", "a-b"]) == ["1", "2", "3", "20", "a-b"]
    assert dialogue.parse_ids("1-4,20", ["1", "3", "20"]) == ["1", "3", "20"]
    with pytest.raises(BadInput, match="not an id or a range"):
        dialogue.parse_ids("4-1")


@pytest.mark.parametrize(
    ("votes", "words"),
    [
        ([(1, 0, 1, 1), (1, 1, 1, 2)], r"votes.csv line 3: the vote is \"2\"; allowed are 1"),
        ([(1, 0, 1, 1), (1, 1, 1, "nan")], r"votes.csv line 3: the vote is \"nan\""),
        ([(1, 0, 1, 1), (1, 9, 1, 1)], r"votes.csv line 3: statement 9 is not in comments.csv"),
        ([("soon", 0, 1, 1)], r"votes.csv line 2: timestamp is \"soon\""),
        ([(1, 0, "", 1)], r"votes.csv line 2: voter-id is empty"),
    ],
)
def test_a_wrong_cell_is_named_by_file_and_line(export, votes, words):
    with pytest.raises(BadInput, match=words):
        dialogue.read_polis(export(votes))


def test_every_wrong_line_is_in_the_problems_not_only_the_first(export):
    with pytest.raises(BadInput) as caught:
        dialogue.read_polis(export([(1, 0, 1, 5), (1, 1, 1, 1), (1, 2, 1, -7)]))
    assert [(p.line, p.value) for p in caught.value.problems] == [(2, "5"), (4, "-7")]


def test_a_line_cut_short_is_named(export):
    folder = export([(1, 0, 1, 1), (2, 1, 1, 1)])
    text = (folder / "votes.csv").read_text()
    (folder / "votes.csv").write_text(text[:-3])
    with pytest.raises(BadInput, match=r"votes.csv line 3: 4 fields where the first line has 5"):
        dialogue.read_polis(folder)


def test_a_quoted_statement_that_never_closes_is_named(export):
    with pytest.raises(BadInput, match=r"comments.csv line \d+: the file breaks off"):
        dialogue.read_polis(export([(1, 0, 1, 1)], comments='comment-id,moderated,comment-body\n0,1,"never closed\n'))


WIDE = "participant,n-votes,n-agree,n-disagree,0,1\n1,2,1,1,1,-1\n2,1,1,0,1,\n"


def test_two_files_that_contradict_each_other_are_refused_with_both_lines(export):
    folder = export([(1, 0, 1, -1), (1, 1, 1, -1), (1, 0, 2, 1)], wide=WIDE)
    with pytest.raises(BadInput, match=r"participants-votes.csv line 2: says 1 where votes.csv line 2 says -1"):
        dialogue.read_polis(folder)


def test_a_tie_at_one_instant_is_settled_by_the_final_table(export):
    votes = dialogue.read_polis(export([(1, 0, 1, 1), (1, 0, 1, 0), (1, 1, 1, -1), (1, 0, 2, 1)], wide=WIDE))
    assert said(votes) == {(1, 0): 1, (1, 1): -1, (2, 0): 1}
    assert votes.notes == ("1 votes given twice at the same instant were taken from participants-votes.csv.",)


def test_a_log_cut_at_a_line_end_is_noticed_against_the_final_table(export):
    with pytest.raises(BadInput, match=r"holds 2 of its 3 votes .*votes.csv \(it ends at line 2\) looks cut short"):
        dialogue.read_polis(export([(1, 0, 1, 1)], wide=WIDE))


def test_agreeing_files_pass(export):
    votes = dialogue.read_polis(export([(1, 0, 1, 1), (1, 1, 1, -1), (1, 0, 2, 1)], wide=WIDE))
    assert len(votes) == 3 and votes.notes == ()


def test_turned_signs_are_noticed_by_the_tables_own_counts(export):
    wide = "participant,n-votes,n-agree,n-disagree,0,1\n1,2,2,0,-1,-1\n2,2,1,1,-1,1\n"
    with pytest.raises(BadInput, match="signs are turned round"):
        dialogue.read_polis(export(None, wide=wide))


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("votes.csv", "", "votes.csv is empty"),
        ("votes.csv", "timestamp,comment-id,vote\n", "the column voter-id is missing"),
        ("votes.csv", b"timestamp,comment-id,voter-id,vote\n1,0,\xff,1\n", "is not UTF-8"),
        ("comments.csv", "comment-id,moderated\n0,1\n0,1\n", "comments.csv line 3: statement 0 is written twice"),
        ("comments.csv", "comment-id,moderated\n0,7\n", 'moderated is "7"'),
        ("participants-votes.csv", "participant,0\n1,1\n1,1\n", "participant 1 has two rows"),
        ("participants-votes.csv", "participant,0\n1,yes\n", 'the vote on statement 0 is "yes"'),
    ],
)
def test_broken_files_get_a_sentence(export, file, content, words):
    folder = export([(1, 0, 1, 1)])
    (folder / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadInput, match=words):
        dialogue.read_polis(folder)


def test_a_folder_without_votes_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"neither votes.csv nor participants-votes.csv"):
        dialogue.read_polis(tmp_path)
    with pytest.raises(BadInput, match="is not a folder"):
        dialogue.read_polis(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "people", "statements", "rows", "votes", "agree", "disagree", "passes"),
    [
        ("london.youth.policing", 26, 36, 640, 638, 392, 192, 54),
        ("bg2050-volunteers", 126, 371, 14341, 14283, 10006, 1621, 2656),
        ("scoop-hivemind.taxes", 334, 148, 17379, 17335, 8577, 6536, 2222),
        ("scoop-hivemind.biodiversity", 536, 314, 29802, 29719, 19229, 5472, 5018),
        ("vtaiwan.uberx", 1921, 197, 49997, 49443, 31029, 11894, 6520),
    ],
)
def test_real_conversations_come_out_as_recorded(
    real, name, people, statements, rows, votes, agree, disagree, passes
):
    read = dialogue.read_polis(real(f"polis/{name}"))
    assert (len(read.people), int(read.voted_on.sum()), read.rows, len(read)) == (people, statements, rows, votes)
    assert (read.agrees, read.disagrees, read.passes) == (agree, disagree, passes)
    assert read.notes == ()


def test_the_final_table_alone_gives_the_same_votes_as_the_log(real, tmp_path):
    folder = real("polis/london.youth.policing")
    for file in ("participants-votes.csv", "comments.csv"):
        (tmp_path / file).write_bytes((folder / file).read_bytes())
    assert said(dialogue.read_polis(tmp_path)) == said(dialogue.read_polis(folder))
