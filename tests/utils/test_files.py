import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from sksim.utils import _files
from sksim.utils._files import atomic_write

posix_only = pytest.mark.skipif(os.name == "nt", reason="limits and signals of POSIX")


def write(path, content):
    with atomic_write(path) as file:
        file.write(content)


def run_script(script, *arguments):
    """Run a script that writes in another process; it imports the module alone, which is quick."""
    begin = f"import runpy; atomic_write = runpy.run_path({_files.__file__!r})['atomic_write']\n"
    command = [sys.executable, "-c", begin + textwrap.dedent(script), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_new_content_is_there_at_the_end_only(tmp_path):
    path = tmp_path / "a"
    write(path, b"old")
    with atomic_write(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
        file.seek(0)
        assert file.read() == b"new"
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_the_earlier_file(tmp_path, error):
    path = tmp_path / "a"
    write(path, b"old")

    def fail():
        with atomic_write(path) as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_an_error_about_another_file_keeps_its_name(tmp_path):
    with pytest.raises(FileNotFoundError, match="other"), atomic_write(tmp_path / "a"):
        (tmp_path / "other").read_bytes()


def test_permissions_and_links_are_kept(tmp_path):
    path, link = tmp_path / "a", tmp_path / "link"
    write(path, b"old")
    path.chmod(0o600)
    link.symlink_to(path)
    write(link, b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@posix_only
def test_what_is_no_file_is_not_replaced(tmp_path):
    with pytest.raises(IsADirectoryError) as error:
        write(tmp_path, b"")
    assert error.value.filename == str(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="pipe"):
        write(tmp_path / "pipe", b"")
    with pytest.raises(FileNotFoundError) as error:
        write(tmp_path / "nowhere" / "a", b"")
    assert error.value.filename == str(tmp_path / "nowhere" / "a")


@posix_only
def test_full_disk(tmp_path):
    """A limit of the size of files fails like a full disk, in the middle of the writing."""
    path = tmp_path / "a"
    write(path, b"old")
    script = """
        import resource, sys
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            with atomic_write(sys.argv[1]) as file:
                file.write(bytes(200_000))
        except OSError as error:
            assert error.filename == sys.argv[1], error
            print("refused")
    """
    out, err = run_script(script, path).communicate()
    assert out == "refused\n", err
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


@posix_only
def test_read_only_folder():
    script = """
        import os, sys, tempfile
        folder = tempfile.mkdtemp()
        os.chmod(folder, 0o555)
        if os.geteuid() == 0:
            os.seteuid(65534)  # permissions do not bind root
        path = os.path.join(folder, "a")
        try:
            with atomic_write(path) as file:
                pass
        except PermissionError as error:
            assert error.filename == path, error
            print("refused")
        finally:
            os.seteuid(os.getuid())
            os.rmdir(folder)
    """
    out, err = run_script(script).communicate()
    assert out == "refused\n", err


@posix_only
def test_kill_at_any_moment(tmp_path, rng):
    """One content or another, never a part; what is left is hidden, and cleaned up later."""
    path = tmp_path / "a"
    write(path, b"0" * 1_000_000)
    script = """
        import sys
        print("ready", flush=True)
        while True:
            for digit in b"123456789":
                with atomic_write(sys.argv[1]) as file:
                    for _ in range(10):
                        file.write(bytes([digit]) * 100_000)
    """
    for _ in range(10):
        writer = run_script(script, path)
        assert writer.stdout.readline() == "ready\n"
        time.sleep(rng.uniform(0, 0.05))
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        content = path.read_bytes()
        assert len(content) == 1_000_000
        assert content == content[:1] * 1_000_000
        debris = [name for name in os.listdir(tmp_path) if name != "a"]
        assert all(name.startswith(".a.") and name.endswith(".tmp") for name in debris)
    (tmp_path / ".a.0123.tmp").write_bytes(b"half")
    write(path, b"new")
    assert (tmp_path / ".a.0123.tmp").exists()  # its writer may be at work
    for name in os.listdir(tmp_path):
        os.utime(tmp_path / name, (0, 0))
    (tmp_path / ".ab.0123.tmp").write_bytes(b"of another file")
    write(path, b"new")
    assert sorted(os.listdir(tmp_path)) == [".ab.0123.tmp", "a"]


def test_writers_in_threads_do_not_mix(tmp_path):
    path = tmp_path / "a"

    def write_often(digit):
        for _ in range(20):
            write(path, digit * 10_000)

    threads = [threading.Thread(target=write_often, args=(d,)) for d in (b"1", b"2", b"3")]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        content = path.read_bytes() if path.exists() else b"1" * 10_000
        assert content == content[:1] * 10_000
    assert os.listdir(tmp_path) == ["a"]
