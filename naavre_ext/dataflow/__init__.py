"""Syntax trees → what each cell reads, writes, changes and does to the world."""
