"""Results that could not be shown yet, kept until their requesters have seen them."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "job_results",
        sa.Column(
            "journal_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=False
        ),
        sa.Column("result", sa.LargeBinary, nullable=False),
        sa.Column("announced", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("journal_id", name="pk_job_results"),
        sa.ForeignKeyConstraint(
            ["journal_id"],
            ["jobs.journal_id"],
            name="fk_job_results_journal_id",
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    """Drop it: jobs whose result was kept have ended without having been shown."""
    op.execute("UPDATE jobs SET stage = 'finished' WHERE stage = 'undelivered'")
    op.drop_table("job_results")
