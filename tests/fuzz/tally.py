"""How often each fault was tried, and what became of it."""

from collections import Counter

__all__ = ["Tally", "TALLY"]


class Tally(Counter):
    """Counts of (kind of input, fault or "none", outcome)."""

    def add(self, kind, fault, outcome):
        self[kind, fault, outcome] += 1

    def table(self):
        """One row a fault: how often it was tried, refused and answered."""
        faults = sorted({(kind, fault) for kind, fault, _ in self})
        return [
            {
                "input": kind,
                "fault": fault,
                "tried": self[kind, fault, "refused"] + self[kind, fault, "answered"],
                "refused": self[kind, fault, "refused"],
                "answered": self[kind, fault, "answered"],
            }
            for kind, fault in faults
        ]


TALLY = Tally()
