"""One `mousewarden` child for each Python worker of Spark, fed with Arrow streams.

Lives in a module of its own, so that a worker imports it once and keeps its children from task to
task. A child ends when its worker closes the pipe; one that failed, or whose stream broke off, is
replaced, and the task that saw it is Spark's to repeat.
"""

import itertools
import subprocess

import pyarrow as pa

_children = {}


def ask(command, batches):
    """Sends record batches as one stream and gives back those of the stream that answers it."""
    batches = iter(batches)
    first = next(batches, None)
    if first is None:
        return []
    command = tuple(command)
    child = _children.get(command)
    if child is None or child.poll() is not None:
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        _children[command] = child
    try:
        with pa.ipc.new_stream(child.stdin, first.schema) as writer:
            for batch in itertools.chain([first], batches):
                writer.write_batch(batch)
        child.stdin.flush()
        return pa.ipc.open_stream(child.stdout).read_all().to_batches()
    except BaseException as error:
        del _children[command]
        child.kill()
        code = child.wait()
        if isinstance(error, (OSError, pa.ArrowInvalid)):
            raise RuntimeError(f"{' '.join(command)} ended with {code}: {error}") from error
        raise
