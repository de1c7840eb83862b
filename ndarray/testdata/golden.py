"""Writes golden.txt: arrays as Python's msgpack-numpy packs them.

    python3 -m venv v && v/bin/pip install numpy==2.4.6 msgpack==1.2.4 msgpack-numpy==0.4.8
    v/bin/python golden.py > golden.txt

Each line: a name, the array's dtype, its shape, the packed bytes.
"""
import msgpack
import msgpack_numpy
import numpy as np

ARRAYS = {
    "float64": np.array([[1.5, -2.0, 3.25], [0.0, 1e300, -1e-300]]),
    "float32": np.array([0.5, -1.0], dtype="<f4"),
    "big-endian": np.array([1.0, 2.0], dtype=">f8"),
    "int8": np.array([-128, 0, 127], dtype="i1"),
    "int16": np.array([-32768, 32767], dtype="<i2"),
    "int32": np.array([[-2**31], [2**31 - 1]], dtype="<i4"),
    "int64": np.array([-2**63, 2**63 - 1], dtype="<i8"),
    "int16-big": np.array([1, -2], dtype=">i2"),
    "uint8": np.arange(4, dtype="u1").reshape(2, 2),
    "uint16": np.array([0, 65535], dtype="<u2"),
    "uint32": np.array([0, 2**32 - 1], dtype="<u4"),
    "uint64": np.array([0, 2**64 - 1], dtype="<u8"),
    "bool": np.array([True, False, True]),
    "complex64": np.array([1 + 2j, -1j], dtype="<c8"),
    "complex128": np.array([1.5 - 2.5j], dtype="<c16"),
    "complex-big": np.array([1.5 - 2.5j], dtype=">c16"),
    "empty": np.zeros((0, 3)),
    "no dimension": np.array(7.0),
    "scalar": np.float32(2.5),
    "bool scalar": np.bool_(True),
    "fortran": np.asfortranarray(np.array([[1, 2], [3, 4]], dtype="<i8")),
    "half": np.array([1.0], dtype="<f2"),
    "text": np.array(["ab", "c"]),
    "structured": np.array([(1, 2.0)], dtype=[("a", "<i4"), ("b", "<f8")]),
    "objects": np.array([None, "x"], dtype=object),
}

for name, array in ARRAYS.items():
    packed = msgpack.packb(array, default=msgpack_numpy.encode, use_bin_type=True)
    shape = ",".join(map(str, array.shape))
    print(name, array.dtype.str, shape, packed.hex(), sep="\t")
