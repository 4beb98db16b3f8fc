"""The job journal."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_COUNTER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "jobs",
        sa.Column("journal_id", _COUNTER),
        sa.Column("service", sa.String(16), nullable=False),
        sa.Column("module", sa.String(64), nullable=False),
        sa.Column("endpoint_id", sa.String(100), nullable=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("place", sa.JSON, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("deadline_ms", sa.BigInteger, nullable=False),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("job_id", sa.String(200)),
        sa.Column("submitted_at_ms", sa.BigInteger),
        sa.Column("finished_at_ms", sa.BigInteger),
        sa.Column("ending", sa.String(16)),
        sa.Column("detail", sa.String(200), nullable=False),
        sa.Column("lease_owner", sa.String(64)),
        sa.Column("lease_until_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("journal_id", name="pk_jobs"),
        sqlite_autoincrement=True,
    )
    for column in ("guild_id", "user_id", "finished_at_ms"):
        op.create_index(f"ix_jobs_{column}", "jobs", [column])
    unfinished = sa.text("finished_at_ms IS NULL")
    op.create_index(
        "ix_jobs_unfinished",
        "jobs",
        ["lease_until_ms"],
        sqlite_where=unfinished,
        postgresql_where=unfinished,
    )
    op.create_table(
        "job_requests",
        sa.Column("journal_id", _COUNTER, autoincrement=False),
        sa.Column("contract", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("journal_id", name="pk_job_requests"),
        sa.ForeignKeyConstraint(
            ["journal_id"],
            ["jobs.journal_id"],
            name="fk_job_requests_journal_id",
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("job_requests")
    op.drop_table("jobs")
