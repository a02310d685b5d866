"""Tests of the real server: what it refuses to start with, what it answers, and how it ends."""
