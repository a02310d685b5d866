"""Tests of the template: what it asks, what it leaves out, and that every service made from it is sound."""
