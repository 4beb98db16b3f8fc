"""What several cogs need; none of them imports another."""
