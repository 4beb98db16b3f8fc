"""Whether a sentence may ask for what commands do, on a server."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the choice; where nobody has made one, it may."""
    op.add_column("guilds", sa.Column("actions", sa.Boolean))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("guilds", "actions")
