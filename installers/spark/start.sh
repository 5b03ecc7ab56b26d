#!/bin/sh
# Runs the Spark job on a real cluster on this machine: a master, two workers with an executor process
# each. Makes what is missing: a virtual environment with PySpark, the program with Arrow.
#
#   installers/spark/start.sh features INPUT OUTPUT [--features rich]
#   installers/spark/start.sh windows  INPUT OUTPUT
#   installers/spark/start.sh train    INPUT OUTPUT
#
# MOUSEWARDEN_PYTHON_SPARK names a Python that has pyspark already, MOUSEWARDEN_BINARY a program built
# with --features columnar, SPARK_MASTER another cluster.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

die() {
    echo "spark: $1" >&2
    exit 1
}

python=$("$here/prepare.sh")

binary=${MOUSEWARDEN_BINARY:-$root/target/release/mousewarden}
if [ -z "${MOUSEWARDEN_BINARY:-}" ]; then
    cargo build --release --locked --features columnar --manifest-path "$root/Cargo.toml"
fi
[ -x "$binary" ] || die "$binary is not there"

SPARK_LOCAL_IP=127.0.0.1 PYSPARK_PYTHON=$python
export SPARK_LOCAL_IP PYSPARK_PYTHON
exec "$python" "$here/job.py" --binary "$binary" --master "${SPARK_MASTER:-local-cluster[2,1,1024]}" "$@"
