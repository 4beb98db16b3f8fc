"""A job's interaction token leaves `place`, which people export, for a column of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_BATCH = 500
_jobs = sa.table(
    "jobs",
    sa.column("journal_id", sa.BigInteger),
    sa.column("place", sa.JSON),
    sa.column("finished_at_ms", sa.BigInteger),
    sa.column("reply_token", sa.Text),
)


def upgrade() -> None:
    """Create the column; the token of a job that has not ended moves there, all others go."""
    op.add_column("jobs", sa.Column("reply_token", sa.Text))
    connection = op.get_bind()
    has_token = sa.cast(_jobs.c.place, sa.Text).like('%"answer"%')
    last = 0
    while True:
        batch = connection.execute(
            sa.select(_jobs.c.journal_id, _jobs.c.place, _jobs.c.finished_at_ms)
            .where(has_token, _jobs.c.journal_id > last)
            .order_by(_jobs.c.journal_id)
            .limit(_BATCH)
        ).all()
        if not batch:
            return
        for journal_id, place, finished_at_ms in batch:
            kept = dict(place)
            answer = kept.pop("answer", None)
            connection.execute(
                sa.update(_jobs)
                .where(_jobs.c.journal_id == journal_id)
                .values(place=kept, reply_token=_token(answer) if finished_at_ms is None else None)
            )
        last = batch[-1].journal_id


def downgrade() -> None:
    """Drop it. Where an answer had no message yet, the requester no longer gets it."""
    op.drop_column("jobs", "reply_token")


def _token(answer: object) -> str | None:
    match answer:
        case [_, str(token)]:
            return token
        case _:
            return None
