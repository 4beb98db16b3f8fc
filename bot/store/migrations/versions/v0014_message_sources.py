"""A question may hold the words of several messages: of one, and of a file that this one quotes."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Move the single source of a message into a table for any number."""
    op.create_table(
        "message_sources",
        sa.Column("message_id", sa.BigInteger, autoincrement=False),
        sa.Column("source_id", sa.BigInteger, autoincrement=False),
        sa.Column("author_id", sa.BigInteger),
        sa.PrimaryKeyConstraint("message_id", "source_id", name="pk_message_sources"),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.message_id"],
            name="fk_message_sources_message_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_message_sources_source_id", "message_sources", ["source_id"])
    op.create_index("ix_message_sources_author_id", "message_sources", ["author_id"])
    op.execute(
        "INSERT INTO message_sources (message_id, source_id, author_id) "
        "SELECT message_id, source_id, source_author_id FROM messages WHERE source_id IS NOT NULL"
    )
    for name in ("source_id", "source_author_id"):
        op.drop_index(f"ix_messages_{name}", "messages")
        op.drop_column("messages", name)


def downgrade() -> None:
    """Move one source back; words of the others stay until their question is deleted."""
    for name in ("source_id", "source_author_id"):
        op.add_column("messages", sa.Column(name, sa.BigInteger))
        op.create_index(f"ix_messages_{name}", "messages", [name])
    op.execute(
        "UPDATE messages SET source_id = (SELECT min(source_id) FROM message_sources "
        "WHERE message_sources.message_id = messages.message_id)"
    )
    op.execute(
        "UPDATE messages SET source_author_id = (SELECT author_id FROM message_sources "
        "WHERE message_sources.message_id = messages.message_id "
        "AND message_sources.source_id = messages.source_id)"
    )
    op.drop_table("message_sources")
