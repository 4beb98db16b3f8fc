"""Who the assistant is in a server, and in each of its channels."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "personas",
        sa.Column("guild_id", sa.BigInteger, autoincrement=False),
        sa.Column("channel_id", sa.BigInteger, autoincrement=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("instructions", sa.String(1000), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("voice", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "channel_id", name="pk_personas"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("personas")
