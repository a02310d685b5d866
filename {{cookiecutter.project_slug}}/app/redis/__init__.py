"""What the processes of this service share through Redis. Without Redis, or while it fails, each goes on alone."""
