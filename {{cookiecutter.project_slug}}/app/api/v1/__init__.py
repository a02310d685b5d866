"""The first version of the API. What is released under it stays compatible."""
