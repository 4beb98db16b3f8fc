"""Voice channels: consent, where to be, minutes."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_COUNTER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "consents",
        sa.Column("guild_id", sa.BigInteger, autoincrement=False),
        sa.Column("user_id", sa.BigInteger, autoincrement=False),
        sa.Column("agreed", sa.Boolean, nullable=False),
        sa.Column("locale", sa.String(16)),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "user_id", name="pk_consents"),
    )
    op.create_index("ix_consents_user_id", "consents", ["user_id"])
    op.create_table(
        "voice_rooms",
        sa.Column("guild_id", sa.BigInteger, autoincrement=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("attention", sa.String(16), nullable=False),
        sa.Column("follow_user_id", sa.BigInteger),
        sa.Column("called_by", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name="pk_voice_rooms"),
    )
    op.create_table(
        "minutes",
        sa.Column("minute_id", _COUNTER),
        sa.Column("guild_id", sa.BigInteger, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("minute_id", name="pk_minutes"),
    )
    op.create_index("ix_minutes_user_id", "minutes", ["user_id"])
    op.create_index("ix_minutes_at_ms", "minutes", ["at_ms"])
    op.create_index(
        "ix_minutes_guild_id_channel_id_minute_id",
        "minutes",
        ["guild_id", "channel_id", "minute_id"],
    )


def downgrade() -> None:
    """Drop them."""
    for name in ("minutes", "voice_rooms", "consents"):
        op.drop_table(name)
