#!/usr/bin/env bash
# pyarrow 26.0.1 and numpy 2.4.6: an array of 16-byte ids loses what follows a zero byte.
#
# numpy keeps fixed bytes (`S16`) whole, zeros inside included; `pa.array` of them makes values that end at their first
# zero byte, without a word, so that of random ids (UUIDs, digests) about 6 % come out cut, and rows no longer join.
# `pa.array(..., pa.binary(16))` keeps them.
# Seen on 2026-11-29 with Python 3.11.7 on Linux.
# Run: bash findings/pyarrow-cuts-numpy-bytes-at-a-nul.sh   (20 s; installs into a temporary folder)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check pyarrow==26.0.1 numpy==2.4.6
venv/bin/python - <<'PY' | tee seen
import random

import numpy as np
import pyarrow as pa

draw = random.Random(1)
ids = [draw.randbytes(15) + b"x" for _ in range(10_000)]
array = np.array(ids, "S16")
assert array.tolist() == ids
cut = sum(len(value) < 16 for value in pa.array(array).to_pylist())
kept = pa.array(array.tolist(), pa.binary(16)).to_pylist() == ids
print(f"{cut} of {len(ids)} cut; as binary(16) {'all kept' if kept else 'not kept'}")
PY
grep -qE "^5[0-9]{2} of 10000 cut; as binary\(16\) all kept$" seen || { echo "changed: some 570 were cut"; exit 1; }
