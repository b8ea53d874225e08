#!/usr/bin/env python3
"""Writes the files that hdf5_test.cc reads: the same numbers in every form that HDF5 has for them. usage: make.py (with h5py)"""
import pathlib

import h5py
import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
NUMBERS = np.arange(7 * 5).reshape(7, 5)


def write(name, **options):
    with h5py.File(HERE / name, "w", **options) as file:
        for dtype in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", ">f4", ">i4"):
            file.create_dataset(("floats/" if "f" in dtype else "integers/") + dtype.replace(">", "big_"), data=NUMBERS.astype(dtype))
        file.create_dataset("bool", data=NUMBERS % 2 == 1)
        file.create_dataset("scalar", data=np.float32(3))
        file.create_dataset("empty", data=np.zeros((0, 3), "f4"))
        file.create_dataset("unwritten", (7, 5), "f4")
        if "libver" not in options:  # later versions index chunks by other trees
            file.create_dataset("chunked", data=NUMBERS.astype("f4"), chunks=(3, 2))
            file.create_dataset("packed", data=NUMBERS.astype("f4"), chunks=(4, 5), compression="gzip", shuffle=True, fletcher32=True)
        file.attrs["fixed"] = np.array([b"one", b"two"])
        file.attrs["any"] = ["three", "four", ""]
        file.attrs["text"] = "five"
        for i in range(5 if options else 40):  # later versions keep more than 8 in a heap of their own
            file.create_group(f"many/group_{i}")


write("earliest.h5")
write("latest.h5", libver="latest")
write("behind.h5", userblock_size=512)
