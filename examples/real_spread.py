"""Labelled threads (RumourEval 2019: times, parents, followers, stance, no text) as the codebook's `spread`, in CSV."""

import sys

import polars as pl

STANCE = {"support": "agree", "deny": "object", "query": "question", "comment": "comment"}


def main(threads: str, out: str) -> None:
    table = pl.read_csv(threads, infer_schema=False)
    table.select(
        pl.col("post_id").alias("event_id"),
        pl.col("thread_id").alias("story_id"),
        pl.from_epoch(pl.col("t").cast(pl.Int64)).dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias("at"),
        pl.when(pl.col("is_source") == "1").then(pl.lit("mention")).otherwise(pl.lit("reply")).alias("kind"),
        pl.col("parent_id"),
        pl.col("followers").alias("audience"),
        pl.col("stance").replace_strict(STANCE, default=None).alias("stance"),
    ).write_csv(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
