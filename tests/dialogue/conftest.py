"""Small conversations written by hand, and larger ones drawn from a known truth."""

import pytest

COMMENTS = "timestamp,datetime,comment-id,author-id,agrees,disagrees,moderated,comment-body\n"
VOTES = "timestamp,datetime,comment-id,voter-id,vote\n"


@pytest.fixture
def export(tmp_path):
    """`export(votes=[(time, statement, person, vote), ...], statements=3)` -> a folder like an exported conversation."""

    def write(votes=None, *, statements=3, moderated=None, wide=None, comments=None, name="talk"):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        if votes is not None:
            rows = "".join(f"{t},Wed Jul 27 21:56:00 WIB 2022,{s},{p},{v}\n" for t, s, p, v in votes)
            (folder / "votes.csv").write_text(VOTES + rows, encoding="utf-8")
        if comments is None:
            said = moderated or {}
            comments = COMMENTS + "".join(
                f"1,x,{s},0,0,0,{said.get(s, 1)},Statement {s}\n" for s in range(statements)
            )
        if comments:
            (folder / "comments.csv").write_text(comments, encoding="utf-8")
        if wide is not None:
            (folder / "participants-votes.csv").write_text(wide, encoding="utf-8")
        return folder

    return write
