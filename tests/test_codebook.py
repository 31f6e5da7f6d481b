from commonbeat import codebook


def test_every_column_has_a_meaning_and_says_who_may_see_it():
    for table in codebook.TABLES:
        assert codebook.TABLES[table].__doc__
        for column in codebook.columns(table):
            assert column.meaning, (table, column.name)
            assert column.see in codebook.SEE, (table, column.name)


def test_nobody_has_a_column_for_a_name():
    for table in ("contacts", "people", "respondents", "votes", "consents", "answers"):
        assert not {c.name for c in codebook.columns(table)} & {
            "name",
            "surname",
            "phone",
            "plate",
            "address",
            "email",
        }


def test_the_page_docs_codebook_is_current():
    from pathlib import Path

    from commonbeat.codebook import page

    kept = (Path(__file__).parents[1] / "docs" / "codebook.md").read_text(encoding="utf-8")
    assert kept == page.markdown(codebook.TABLES), "run: commonbeat codebook --markdown > docs/codebook.md"
