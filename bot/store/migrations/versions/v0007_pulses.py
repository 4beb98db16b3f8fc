"""What running processes report about themselves, for other processes to read."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "pulses",
        sa.Column("owner", sa.String(64)),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("told", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("owner", name="pk_pulses"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("pulses")
