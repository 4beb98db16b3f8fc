"""The ledger of calls, purses and budgets; the journal gains each job's contract id."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the tables."""
    op.add_column("jobs", sa.Column("contract_id", sa.String(64)))
    op.create_table(
        "calls",
        sa.Column("call_id", sa.String(64)),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("service", sa.String(16), nullable=False),
        sa.Column("module", sa.String(64), nullable=False),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("channel_id", sa.BigInteger),
        sa.Column("user_id", sa.BigInteger),
        sa.Column("reserved_micro_usd", sa.BigInteger, nullable=False),
        sa.Column("cost_micro_usd", sa.BigInteger, nullable=False),
        sa.Column("basis", sa.String(16)),
        sa.Column("delay_ms", sa.BigInteger),
        sa.Column("execution_ms", sa.BigInteger),
        sa.Column("input_tokens", sa.BigInteger),
        sa.Column("output_tokens", sa.BigInteger),
        sa.Column("settled_at_ms", sa.BigInteger),
        sa.Column("expires_at_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_calls"),
    )
    op.create_index("ix_calls_at_ms", "calls", ["at_ms"])
    op.create_index("ix_calls_guild_id_at_ms", "calls", ["guild_id", "at_ms"])
    op.create_index("ix_calls_user_id_at_ms", "calls", ["user_id", "at_ms"])
    op.create_index(
        "ix_calls_service_module_settled_at_ms", "calls", ["service", "module", "settled_at_ms"]
    )
    is_reserved = sa.text("state = 'reserved'")
    op.create_index(
        "ix_calls_reserved",
        "calls",
        ["expires_at_ms"],
        sqlite_where=is_reserved,
        postgresql_where=is_reserved,
    )
    op.create_table(
        "purses",
        sa.Column("scope", sa.String(8)),
        sa.Column("scope_id", sa.BigInteger, autoincrement=False),
        sa.Column("period", sa.String(8)),
        sa.Column("starts_ms", sa.BigInteger, autoincrement=False),
        sa.Column("spent_micro_usd", sa.BigInteger, nullable=False),
        sa.Column("reserved_micro_usd", sa.BigInteger, nullable=False),
        sa.Column("warned", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("scope", "scope_id", "period", "starts_ms", name="pk_purses"),
    )
    op.create_index("ix_purses_starts_ms", "purses", ["starts_ms"])
    op.create_table(
        "budgets",
        sa.Column("guild_id", sa.BigInteger, autoincrement=False),
        sa.Column("period", sa.String(8)),
        sa.Column("limit_micro_usd", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "period", name="pk_budgets"),
    )


def downgrade() -> None:
    """Drop them."""
    for name in ("budgets", "purses", "calls"):
        op.drop_table(name)
    op.drop_column("jobs", "contract_id")
