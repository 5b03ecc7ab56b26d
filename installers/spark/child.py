"""One `mousewarden` child for each Python worker of Spark, fed with Arrow streams.

Lives in a module of its own, so that a worker imports it once and keeps its children from task to
task. A child ends when its worker closes the pipe; one that failed is replaced, and the task that
saw it fail is Spark's to repeat.
"""

import subprocess

import pyarrow as pa

_children = {}


def ask(command, table):
    """Sends one Arrow table and gives back the one that answers it."""
    command = tuple(command)
    child = _children.get(command)
    if child is None or child.poll() is not None:
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        _children[command] = child
    try:
        with pa.ipc.new_stream(child.stdin, table.schema) as writer:
            writer.write_table(table)
        child.stdin.flush()
        return pa.ipc.open_stream(child.stdout).read_all()
    except (OSError, pa.ArrowInvalid) as error:
        child.kill()
        code = child.wait()
        del _children[command]
        raise RuntimeError(f"{' '.join(command)} ended with {code}: {error}") from error
