"""A question that holds another person's words goes when that person's data is deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the other person's id; of older questions it is not known."""
    op.add_column("messages", sa.Column("source_author_id", sa.BigInteger))
    op.create_index("ix_messages_source_author_id", "messages", ["source_author_id"])


def downgrade() -> None:
    """Drop it: such words then stay until the other message or the question is deleted."""
    op.drop_index("ix_messages_source_author_id", "messages")
    op.drop_column("messages", "source_author_id")
