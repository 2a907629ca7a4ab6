"""Reads a DuckDB file through the C library alone, so that the verdict is not muster's own."""

import ctypes
import os
from pathlib import Path


class Error(Exception):
    pass


class Result(ctypes.Structure):
    _fields_ = [
        ("reserved", ctypes.c_uint64 * 3),
        ("columns", ctypes.c_void_p),
        ("error", ctypes.c_void_p),
        ("data", ctypes.c_void_p),
    ]


def load_library():
    places = [os.environ.get("MUSTER_DUCKDB"), "libduckdb.so", "/usr/local/lib/libduckdb.so"]
    for place in filter(None, places):
        try:
            library = ctypes.CDLL(place)
        except OSError:
            continue
        for name in ("duckdb_fetch_chunk", "duckdb_data_chunk_get_vector", "duckdb_vector_get_data"):
            getattr(library, name).restype = ctypes.c_void_p
        library.duckdb_data_chunk_get_size.restype = ctypes.c_uint64
        library.duckdb_result_error.restype = ctypes.c_char_p
        library.duckdb_fetch_chunk.argtypes = [Result]
        return library
    raise Error("libduckdb.so was not found: run scripts/setup")


library = load_library()


class Database:
    """A file that is open for reading; use it with `with`."""

    def __init__(self, path: Path):
        config, self.database, self.connection = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
        library.duckdb_create_config(ctypes.byref(config))
        for name, value in ((b"access_mode", b"READ_ONLY"), (b"threads", b"1"), (b"autoload_known_extensions", b"false")):
            library.duckdb_set_config(config, name, value)
        message = ctypes.c_char_p()
        failed = library.duckdb_open_ext(
            str(path).encode(), ctypes.byref(self.database), config, ctypes.byref(message)
        )
        library.duckdb_destroy_config(ctypes.byref(config))
        if failed:
            raise Error(f"{path}: {(message.value or b'').decode()}")
        library.duckdb_connect(self.database, ctypes.byref(self.connection))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        library.duckdb_disconnect(ctypes.byref(self.connection))
        library.duckdb_close(ctypes.byref(self.database))

    def texts(self, sql):
        """The texts of a query's first column, which must be VARCHAR and never missing."""
        result = Result()
        try:
            if library.duckdb_query(self.connection, sql.encode(), ctypes.byref(result)):
                raise Error((library.duckdb_result_error(ctypes.byref(result)) or b"").decode())
            texts = []
            while chunk := ctypes.c_void_p(library.duckdb_fetch_chunk(result)):
                vector = ctypes.c_void_p(library.duckdb_data_chunk_get_vector(chunk, ctypes.c_uint64(0)))
                data = library.duckdb_vector_get_data(vector)
                count = library.duckdb_data_chunk_get_size(chunk)
                texts += [text_at(data + 16 * row) for row in range(count)]
                library.duckdb_destroy_data_chunk(ctypes.byref(chunk))
            return texts
        finally:
            library.duckdb_destroy_result(ctypes.byref(result))


def text_at(address):
    """A duckdb_string_t: a length, then twelve bytes or a pointer behind the first four of them."""
    length = ctypes.c_uint32.from_address(address).value
    start = address + 4 if length <= 12 else ctypes.c_uint64.from_address(address + 8).value
    return ctypes.string_at(start, length).decode()
