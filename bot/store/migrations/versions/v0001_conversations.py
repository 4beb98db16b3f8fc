"""Guilds and conversations."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "guilds",
        sa.Column("guild_id", sa.BigInteger, autoincrement=False),
        sa.Column("language", sa.String(16)),
        sa.Column("identity", sa.String(8)),
        sa.Column("allowed_channels", sa.JSON, nullable=False),
        sa.Column("allowed_roles", sa.JSON, nullable=False),
        sa.Column("default_modules", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name="pk_guilds"),
    )
    op.create_table(
        "messages",
        sa.Column("message_id", sa.BigInteger, autoincrement=False),
        sa.Column("conversation_id", sa.BigInteger, nullable=False),
        sa.Column("parent_id", sa.BigInteger),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("person_id", sa.BigInteger, nullable=False),
        sa.Column("author_id", sa.BigInteger, nullable=False),
        sa.Column("author_name", sa.String(100), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("edited_at_ms", sa.BigInteger),
        sa.PrimaryKeyConstraint("message_id", name="pk_messages"),
    )
    for column in ("guild_id", "person_id", "author_id", "created_at_ms"):
        op.create_index(f"ix_messages_{column}", "messages", [column])
    op.create_index(
        "ix_messages_conversation_id_message_id", "messages", ["conversation_id", "message_id"]
    )
    op.create_table(
        "message_parts",
        sa.Column("part_id", sa.BigInteger, autoincrement=False),
        sa.Column("message_id", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("part_id", name="pk_message_parts"),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.message_id"],
            name="fk_message_parts_message_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_message_parts_message_id", "message_parts", ["message_id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("message_parts")
    op.drop_table("messages")
    op.drop_table("guilds")
