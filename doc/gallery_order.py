"""Order of the examples within a section: the main job, then by the number in the file's name."""

import re

from sphinx_gallery.sorting import FileNameSortKey

__all__ = ["ByNumber"]


class ByNumber(FileNameSortKey):
    """The quickstart comes first, and plot_2 before plot_10."""

    def __call__(self, filename: str) -> str:
        """Return the name with numbers of three digits; nothing for the quickstart."""
        if filename == "quickstart.py":
            return ""
        return re.sub(r"\d+", lambda number: number[0].zfill(3), filename)
