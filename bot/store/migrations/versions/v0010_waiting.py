"""`waiting` becomes a stage, and the interaction a column: a job's place is the cogs' alone."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_BATCH = 500
_INT64_DIGITS = 19
_jobs = sa.table(
    "jobs",
    sa.column("journal_id", sa.BigInteger),
    sa.column("place", sa.JSON),
    sa.column("stage", sa.String),
    sa.column("interaction_id", sa.BigInteger),
)


def upgrade() -> None:
    """Move both out of each job's place."""
    op.add_column("jobs", sa.Column("interaction_id", sa.BigInteger))
    text = sa.cast(_jobs.c.place, sa.Text)
    for job in _each(sa.or_(text.like('%"waiting"%'), text.like('%"interaction"%'))):
        place = dict(job.place)
        waits = place.pop("waiting", None) is True and job.stage == "written"
        interaction = str(place.pop("interaction", ""))
        _change(
            job.journal_id,
            place=place,
            stage="waiting" if waits else job.stage,
            interaction_id=_int64(interaction),
        )


def downgrade() -> None:
    """Move both back."""
    for job in _each(sa.or_(_jobs.c.stage == "waiting", _jobs.c.interaction_id.is_not(None))):
        place = dict(job.place)
        if job.interaction_id is not None:
            place["interaction"] = str(job.interaction_id)
        if job.stage == "waiting":
            place["waiting"] = True
        stage = "written" if job.stage == "waiting" else job.stage
        _change(job.journal_id, place=place, stage=stage)
    op.drop_column("jobs", "interaction_id")


def _each(which: sa.ColumnElement[bool]) -> Iterator[sa.Row[Any]]:
    last = 0
    while True:
        batch = (
            op.get_bind()
            .execute(
                sa.select(_jobs)
                .where(which, _jobs.c.journal_id > last)
                .order_by(_jobs.c.journal_id)
                .limit(_BATCH)
            )
            .all()
        )
        if not batch:
            return
        yield from batch
        last = batch[-1].journal_id


def _int64(text: str) -> int | None:
    """A restored backup may hold any text here."""
    number = int(text) if text.isdecimal() and len(text) <= _INT64_DIGITS else None
    return number if number is not None and number < 2**63 else None


def _change(journal_id: int, **values: Any) -> None:
    op.get_bind().execute(sa.update(_jobs).where(_jobs.c.journal_id == journal_id).values(**values))
