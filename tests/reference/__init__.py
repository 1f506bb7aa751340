"""Literal, slow formulas: the oracles of the tests."""
