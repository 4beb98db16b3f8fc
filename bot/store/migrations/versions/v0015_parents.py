"""The conversations that quote a deleted message are found by the replies to it."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Index the messages by the one that each replies to."""
    op.create_index("ix_messages_parent_id", "messages", ["parent_id"])


def downgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_messages_parent_id", "messages")
