"""A model with Kokoro's inputs, of a few hundred bytes: one sample for each symbol."""

from pathlib import Path

import numpy as np

_INT64, _FLOAT = 7, 1


def write_kokoro(folder: Path, *voices: str) -> None:
    """Write the model, and voices whose styles are all ones."""
    (folder / "voices").mkdir(parents=True)
    (folder / "kokoro.onnx").write_bytes(_model())
    for name in voices:
        np.ones((510, 256), "<f4").tofile(folder / "voices" / f"{name}.bin")


def _model() -> bytes:
    """`audio = float(input_ids) / 1000 * speed * mean(style)`, as ONNX's protobuf."""
    nodes = [
        _node("Cast", ["input_ids"], "ids", _attribute("to", _FLOAT)),
        _node("ReduceMean", ["style"], "mean", _attribute("keepdims", 0)),
        _node("Mul", ["ids", "mean"], "scaled"),
        _node("Mul", ["scaled", "speed"], "loud"),
        _node("Sin", ["loud"], "audio"),
    ]
    graph = b"".join(_bytes(1, node) for node in nodes) + _bytes(2, b"small")
    graph += _bytes(11, _value("input_ids", _INT64, 2)) + _bytes(11, _value("style", _FLOAT, 2))
    graph += _bytes(11, _value("speed", _FLOAT, 1)) + _bytes(12, _value("audio", _FLOAT, 2))
    return _number(1, 8) + _bytes(8, _number(2, 17)) + _bytes(7, graph)


def _node(kind: str, inputs: list[str], output: str, attribute: bytes = b"") -> bytes:
    node = b"".join(_bytes(1, name.encode()) for name in inputs) + _bytes(2, output.encode())
    return node + _bytes(4, kind.encode()) + (_bytes(5, attribute) if attribute else b"")


def _attribute(name: str, value: int) -> bytes:
    return _bytes(1, name.encode()) + _number(3, value) + _number(20, 2)


def _value(name: str, kind: int, dimensions: int) -> bytes:
    shape = b"".join(_bytes(1, _bytes(2, f"{name}{n}".encode())) for n in range(dimensions))
    tensor = _number(1, kind) + _bytes(2, shape)
    return _bytes(1, name.encode()) + _bytes(2, _bytes(1, tensor))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])
