"""From a request to a release: a worktree for each change, its merge, its specification and its tasks."""
