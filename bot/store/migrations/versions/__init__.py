"""One file for each revision, oldest first. A revision that was released is never changed."""
