"""A question can hold the words of another message, and goes when that is deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the other message's id; of older questions it is not known."""
    op.add_column("messages", sa.Column("source_id", sa.BigInteger))
    op.create_index("ix_messages_source_id", "messages", ["source_id"])


def downgrade() -> None:
    """Drop it: such words then stay until their question is deleted or pruned."""
    op.drop_index("ix_messages_source_id", "messages")
    op.drop_column("messages", "source_id")
