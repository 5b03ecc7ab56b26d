#!/bin/sh
# Makes a virtual environment with PySpark in target/venv-spark where it is missing, and prints the path
# of its Python. MOUSEWARDEN_PYTHON_SPARK names a Python that has everything already; it is left alone.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

die() {
    echo "spark: $1" >&2
    exit 69
}

command -v java > /dev/null || die "Java is missing: apt-get install openjdk-17-jre-headless, or a newer one"

python=${MOUSEWARDEN_PYTHON_SPARK:-$root/target/venv-spark/bin/python}
if ! "$python" -c 'import pyspark, pyarrow, pandas' 2> /dev/null; then
    [ -z "${MOUSEWARDEN_PYTHON_SPARK:-}" ] || die "$python lacks pyspark, pyarrow or pandas"
    python3 -m venv "$root/target/venv-spark" || die "no virtual environment: apt-get install python3-venv"
    "$python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" >&2
fi
echo "$python"
