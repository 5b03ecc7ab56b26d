"""Checks an archive of `preprocess --format gmail --pad 9` on the invented user 7001 with numpy."""

import sys
import zipfile

import numpy as np

path = sys.argv[1]
assert zipfile.ZipFile(path).testzip() is None
data = np.load(path, allow_pickle=False)
windows, lengths = data["windows"], data["lengths"]
assert (windows.dtype, windows.shape) == (np.dtype("<f4"), (4, 9, 3)), windows.shape
assert lengths.dtype == np.int32 and lengths.tolist() == [6, 5, 7, 5], lengths
for window, length in zip(windows, lengths):
    assert (window[:length] == [3, 2, 16]).all(), window
    assert (window[length:] == 0).all(), window
assert data["session"].tolist() == [0, 0, 1, 2]
assert data["session_names"].tolist() == ["session_0", "session_1", "session_2"]
assert data["genuine"].dtype == np.int8 and data["genuine"].tolist() == [1, 1, 1]
start = 1_600_000_000_000
starts = [1000 * (start + later) for later in (0, 600, 100_000, 200_000)]
assert data["start_us"].dtype == np.int64 and data["start_us"].tolist() == starts
