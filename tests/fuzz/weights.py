"""Weight files, whole and damaged: loaded with the same bits, or refused by their name."""

import functools
import io
import pathlib
import tempfile
import zipfile

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from sklearn.base import clone

from sksim.utils._faults import refusal
from tests.fuzz.tally import TALLY
from tests.small_models import NETWORKS, output

__all__ = ["WeightMachine"]

PLACE = st.floats(0, 1, exclude_max=True)
FRESH = st.booleans()
WRITTEN = [name for name, make in NETWORKS.items() if hasattr(make(), "save_weights")]


@functools.cache
def _trained(name):
    """A small model, its samples and the bytes of its file."""
    X = np.random.RandomState(0).standard_normal((20, 3))
    model = NETWORKS[name](max_epochs=1).fit(X)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.weights"
        model.save_weights(path)
        return model, X, path.read_bytes()


class WeightMachine(RuleBasedStateMachine):
    """Damage is done to the whole file or piles up; the file is loaded after each step."""

    @initialize(name=st.sampled_from(WRITTEN))
    def begin(self, name):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name) / "model.weights"
        self.model, self.X, self.whole = _trained(name)
        self.reader = clone(self.model)
        self._load(bytearray(self.whole), "none")

    def teardown(self):
        if hasattr(self, "folder"):
            self._assert_unchanged()
            self.folder.cleanup()

    @rule()
    def compare_and_restore(self):
        self._assert_unchanged()
        self._load(bytearray(self.whole), "none")

    @rule(fresh=FRESH, place=PLACE, bit=st.integers(0, 7))
    def flip_bit(self, fresh, place, bit):
        content = self._base(fresh)
        content[int(place * len(content))] ^= 1 << bit
        self._load(content, "flipped bit")

    @rule(fresh=FRESH, place=PLACE)
    def truncate(self, fresh, place):
        content = self._base(fresh)
        self._load(content[: int(place * len(content))], "truncated")

    @rule(fresh=FRESH, more=st.binary(min_size=1, max_size=64))
    def append(self, fresh, more):
        self._load(self._base(fresh) + more, "bytes appended")

    @rule(fresh=FRESH, place=PLACE, size=st.integers(1, 512))
    def wipe(self, fresh, place, size):
        content = self._base(fresh)
        start = int(place * len(content))
        content[start : start + size] = bytes(len(content[start : start + size]))
        self._load(content, "zeros written over")

    @rule(fresh=FRESH, place=PLACE, size=st.integers(1, 512))
    def lose_block(self, fresh, place, size):
        content = self._base(fresh)
        start = int(place * len(content))
        self._load(content[:start] + content[start + size :], "block lost")

    @rule(member=st.integers(0, 100), place=PLACE, byte=st.integers(0, 255))
    def edit_member(self, member, place, byte):
        """As an editor of archives does it, who mends the archive's own sums."""
        with zipfile.ZipFile(io.BytesIO(self.whole)) as archive:
            members = {name: bytearray(archive.read(name)) for name in archive.namelist()}
        edited = list(members.values())[member % len(members)]
        if edited:
            edited[int(place * len(edited))] = byte
        with zipfile.ZipFile(self.path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, bytes(content))
        self._load(bytearray(self.path.read_bytes()), "member edited")

    def _base(self, fresh):
        """What is damaged next: the whole file, or what is left of it where anything is."""
        return bytearray(self.whole if fresh or not self.content else self.content)

    def _assert_unchanged(self):
        """What was read before stays as it was, however many files were refused since."""
        expected = output(self.model, self.X)
        np.testing.assert_array_equal(output(self.reader, self.X), expected)

    def _load(self, content, fault):
        self.content = content
        self.path.write_bytes(content)
        fault = "none" if content == self.whole else fault
        refused = refusal(self.reader.load_weights, self.path)
        TALLY.add("weight file", fault, "refused" if refused else "answered")
        if fault == "none":
            assert refused is None, str(refused)
        else:
            assert refused, f"reads a file with a fault: {fault}"
            assert str(self.path) in str(refused), str(refused)
