"""The voice that answers a person."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "chosen_voices",
        sa.Column("user_id", sa.BigInteger, autoincrement=False),
        sa.Column("voice", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_chosen_voices"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("chosen_voices")
