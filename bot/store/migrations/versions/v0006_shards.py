"""Leases on shards, for several processes that are one bot."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "shard_processes",
        sa.Column("owner", sa.String(64)),
        sa.Column("shard_count", sa.Integer, nullable=False),
        sa.Column("seen_until_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("owner", name="pk_shard_processes"),
    )
    op.create_table(
        "shard_leases",
        sa.Column("shard_count", sa.Integer, autoincrement=False),
        sa.Column("shard_id", sa.Integer, autoincrement=False),
        sa.Column("owner", sa.String(64)),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
        sa.Column("session", sa.JSON),
        sa.PrimaryKeyConstraint("shard_count", "shard_id", name="pk_shard_leases"),
    )
    op.create_table(
        "identify_turns",
        sa.Column("bucket", sa.Integer, autoincrement=False),
        sa.Column("next_at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("bucket", name="pk_identify_turns"),
    )


def downgrade() -> None:
    """Drop them."""
    for name in ("identify_turns", "shard_leases", "shard_processes"):
        op.drop_table(name)
