"""Text out of files that strangers send: each is read in a child process of its own, and never kept. `docs/extraction.md`"""
