"""Machines that draw, change and spoil what sksim is given, and hold it to its promises.

Sound input is answered soundly, spoilt input is refused by an error that names the place, and
nothing else happens. ``python -m tests.fuzz --minutes 60`` runs them for an hour with new seeds;
the suite runs some seconds of them with the same seeds every time.
"""
