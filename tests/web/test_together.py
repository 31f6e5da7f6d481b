"""Votes that arrive at once share a commit; each is answered after it, and one bad row takes no other down."""

import threading

import pytest


@pytest.fixture
def said(site):
    from django.utils import timezone

    from commonbeat.web.talk.models import Conversation, Statement

    talk = Conversation.objects.create(slug="t", title="T", question="?", made_at=timezone.now())
    return Statement.objects.create(
        conversation=talk, words="We agree", at=timezone.now(), moderated="accepted", language="en"
    )


def at_once(count, act):
    """Runs act(0) ... act(count - 1) in as many threads, released together -> what each raised, or None."""
    from django.db import connection

    gate, raised = threading.Barrier(count), [None] * count

    def one(n):
        gate.wait()
        try:
            act(n)
        except Exception as error:
            raised[n] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
    [t.start() for t in threads]
    [t.join(60) for t in threads]
    assert not any(t.is_alive() for t in threads)
    return raised


def test_a_hundred_votes_at_once_are_a_hundred_rows_in_far_fewer_commits(said):
    from django.db import connection

    from commonbeat.web.sqlite.together import Together
    from commonbeat.web.talk import acts
    from commonbeat.web.talk.models import Vote

    commits = []

    def keep(votes):
        commits.append(len(votes))
        return acts._keep(votes)

    together = Together(keep)

    def one(n):
        from django.utils import timezone

        assert together((f"p{n}", 1, timezone.now().date(), "", said.pk, "t"))
        assert Vote.objects.filter(person=f"p{n}").exists()  # kept when the call returns, not later

    assert at_once(100, one) == [None] * 100
    assert Vote.objects.count() == 100 == sum(commits)
    if connection.vendor == "sqlite":
        assert len(commits) < 60


def test_the_last_word_counts_even_when_both_come_in_one_commit(said):
    from commonbeat.web.talk import acts
    from commonbeat.web.talk.models import Vote

    assert at_once(40, lambda n: acts.vote("t", said.pk, f"p{n % 4}", 1 - n % 3)) == [None] * 40
    assert Vote.objects.count() == 4
    acts.vote("t", said.pk, "p0", -1)
    assert Vote.objects.get(person="p0").value == -1


def test_one_row_that_cannot_be_kept_takes_no_other_down(said):
    from commonbeat.web.talk import acts
    from commonbeat.web.talk.models import Vote

    answers = {}

    def one(n):
        answers[n] = acts.vote("t", "no-such-statement" if n % 10 == 3 else said.pk, f"p{n}", 1)

    assert at_once(40, one) == [None] * 40
    assert answers == {n: n % 10 != 3 for n in range(40)}
    assert Vote.objects.count() == 36


def test_one_row_that_breaks_the_statement_takes_no_other_down(said):
    from commonbeat.web.sqlite.together import Together
    from commonbeat.web.talk import acts
    from commonbeat.web.talk.models import Vote

    def keep(votes):
        if any(v[0] == "p7" for v in votes):
            raise ValueError("this one")
        return acts._keep(votes)

    together = Together(keep)
    raised = at_once(20, lambda n: together((f"p{n}", 1, "2026-01-01", "", said.pk, "t")))
    assert [type(r) for r in raised] == [ValueError if n == 7 else type(None) for n in range(20)]
    assert Vote.objects.count() == 19


def test_inside_a_transaction_of_the_caller_the_row_shares_its_fate(said):
    from django.db import transaction

    from commonbeat.web.talk import acts
    from commonbeat.web.talk.models import Vote

    with pytest.raises(RuntimeError), transaction.atomic():
        acts.vote("t", said.pk, "p", 1)
        raise RuntimeError
    assert Vote.objects.count() == 0


def test_when_the_writing_itself_fails_everybody_hears_it_and_the_next_are_served(said):
    from commonbeat.web.sqlite.together import Together
    from commonbeat.web.talk.models import Vote

    broken = True

    def keep(rows):
        if broken:
            raise ValueError("cannot be written")
        return [True] * len(rows)

    together = Together(keep)
    assert all(isinstance(r, ValueError) for r in at_once(20, lambda n: together(n)))
    broken = False
    assert at_once(20, lambda n: together(n)) == [None] * 20
    assert Vote.objects.count() == 0
