"""What ours is measured against, as a good team would write it."""
