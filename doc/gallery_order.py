"""Order of the examples within a section: by the number in the name of the file."""

import re

from sphinx_gallery.sorting import FileNameSortKey

__all__ = ["ByNumber"]


class ByNumber(FileNameSortKey):
    """plot_2 comes before plot_10."""

    def __call__(self, filename: str) -> str:
        """Return the name with numbers of three digits."""
        return re.sub(r"\d+", lambda number: number[0].zfill(3), filename)
