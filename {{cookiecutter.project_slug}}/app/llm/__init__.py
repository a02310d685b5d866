"""Texts by a language model: any server that speaks OpenAI's `chat/completions`."""
