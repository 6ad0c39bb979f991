"""Entities of the hotline and the transitions that are legal for them. Standard library only."""
