"""Writes the files in this folder with NumPy and safetensors, whose reading of them the tests take
as the truth.

Run by hand: python3 -m venv v && v/bin/pip install numpy==2.4.6 safetensors==0.8.0 ml_dtypes==0.6.0
&& v/bin/python make_fixtures.py. Tests only read what is checked in.
"""

import io
import pathlib
import struct
import zipfile

import ml_dtypes
import numpy as np
import safetensors.numpy

here = pathlib.Path(__file__).parent


def npy(name, array, version=None):
    with open(here / f"{name}.npy", "wb") as file:
        np.lib.format.write_array(file, array, version=version)


grid = np.arange(24).reshape(2, 3, 4)
for code in ["i1", "u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8"]:
    npy("c_" + code.strip("<"), grid.astype(code))
npy("c_b1", grid % 3 == 0)
npy("c_c8", (grid + 1j * (24 - grid)).astype("<c8"))
npy("c_c16", (grid + 1j * (24 - grid)).astype("<c16"))
for code in [">i2", ">u4", ">i8", ">f2", ">f4", ">f8", ">c8"]:
    npy("big_" + code.strip(">"), (grid - 3).astype(code))
npy("fortran_f4", np.asfortranarray(grid.astype("<f4")))
npy("fortran_big_i2", np.asfortranarray(grid.astype(">i2")))
npy("scalar", np.array(2.5))
npy("empty", np.zeros((2, 0, 3), "<f4"))
npy("version2", grid.astype("<f4"), (2, 0))
npy("version3", grid.astype("<f4"), (3, 0))
npy("bf16", grid.astype(ml_dtypes.bfloat16))
npy("unicode", np.array([["a", "größe"], ["", "日本"]]))
npy("unicode_big", np.array(["a", "größe"]).astype(">U5"))
npy("bytes", np.array([b"ab", b"", b"xyz"]))
npy("nan", np.array([0x7FC00001, 0xFFC12345, 0x7F800001, 0x80000000, 0x7F800000], "<u4").view("<f4"))
with open(here / "object.npy", "wb") as file:
    np.save(file, np.array([None, 1], object), allow_pickle=True)
npy("record", np.zeros(2, [("x", "<i4"), ("y", "<f4")]))
npy("date", np.array(["2020-01-01"], "M8[D]"))
npy("long_double", np.zeros(2, np.longdouble))

arrays = {"x": grid.astype("<f4"), "größe": np.array(7, "<i8"), "empty": np.zeros((0, 2), "<f8")}
np.savez(here / "stored.npz", **arrays)
np.savez_compressed(here / "deflated.npz", **arrays, zeros=np.zeros(5000, "<i4"))
rng = np.random.default_rng(5)
text = "".join(rng.choice(list("abcdeeeeeeefgh  "), 4000))
np.savez_compressed(here / "text.npz", text=np.frombuffer(text.encode(), "u1"))
with zipfile.ZipFile(here / "described.npz", "w") as archive:
    # A writer that cannot seek leaves the sizes to a data descriptor.
    stream = io.BytesIO()
    np.save(stream, grid.astype("<i2"))

    class Unseekable(io.RawIOBase):
        def __init__(self):
            self.bytes = b""

        def writable(self):
            return True

        def write(self, data):
            self.bytes += bytes(data)
            return len(data)

    sink = Unseekable()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as streamed:
        streamed.writestr("x.npy", stream.getvalue())
        streamed.writestr("notes.txt", "not an array")
(here / "described.npz").write_bytes(sink.bytes)



def masked(data):
    """The masked CRC32C of tensorflow/core/lib/hash/crc32c.h, bit by bit."""
    check = 0xFFFFFFFF
    for byte in data:
        check ^= byte
        for _ in range(8):
            check = check >> 1 ^ (0x82F63B78 if check & 1 else 0)
    check ^= 0xFFFFFFFF
    return ((check >> 15 | check << 17) + 0xA282EAD8) & 0xFFFFFFFF


with open(here / "records.tfrecord", "wb") as file:
    for data in [b"first", b"", bytes(range(256))]:
        length = struct.pack("<Q", len(data))
        file.write(length + struct.pack("<I", masked(length)))
        file.write(data + struct.pack("<I", masked(data)))

types = {
    "bool": grid % 3 == 0, "u8": grid.astype("u1"), "i8": (grid - 12).astype("i1"),
    "i16": (grid - 12).astype("<i2"), "u16": grid.astype("<u2"), "i32": (grid - 12).astype("<i4"),
    "u32": grid.astype("<u4"), "i64": (grid - 12).astype("<i8"), "u64": grid.astype("<u8"),
    "f16": (grid / 2).astype("<f2"), "f32": (grid / 2).astype("<f4"),
    "f64": (grid / 2).astype("<f8"), "bf16": (grid / 2).astype(ml_dtypes.bfloat16),
    "f8_e4m3": (grid / 2).astype(ml_dtypes.float8_e4m3fn),
    "f8_e5m2": (grid / 2).astype(ml_dtypes.float8_e5m2), "scalar": np.array(3.5, "<f4"),
    "empty": np.zeros((4, 0), "<f4"), "größe \"x\"\n": np.array([1.5], "<f4"),
    "c64": (grid - 1j).astype("<c8"),
}
safetensors.numpy.save_file(types, here / "all.safetensors", {"format": "np", "note": "a \"b\"\n"})
