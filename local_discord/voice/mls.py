"""What a voice gateway reads and writes of MLS (RFC 9420): enough for DAVE, no secrets needed.

Cipher suite 2 (P-256, AES-128-GCM, SHA-256), public messages, basic credentials. A delivery service
keeps neither tree nor keys: it signs proposals as an external sender, and reads commits and key
packages only to see whom they concern. `<V>` below is RFC 9420's variable-size vector.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MLS_10, CIPHER_SUITE = 1, 2
WIRE_PUBLIC_MESSAGE = 1
PROPOSAL_ADD, PROPOSAL_REMOVE = 1, 3
SENDER_MEMBER, SENDER_EXTERNAL = 1, 2
CONTENT_PROPOSAL, CONTENT_COMMIT = 2, 3
CREDENTIAL_BASIC = 1
BY_REFERENCE = 2
SOURCE_KEY_PACKAGE, SOURCE_COMMIT = 1, 3
CAPABILITIES = 5

_ECDSA = ec.ECDSA(hashes.SHA256())


class MalformedError(ValueError):
    """These bytes are not what they should be."""


def vector(data: bytes) -> bytes:
    """`data` as `<V>` (RFC 9420 section 2.1.2)."""
    if len(data) < 1 << 6:
        return bytes([len(data)]) + data
    if len(data) < 1 << 14:
        return struct.pack(">H", len(data) | 0x4000) + data
    return struct.pack(">I", len(data) | 0x80000000) + data


class Reader:
    """Takes values off the front of some bytes; past their end it raises `MalformedError`."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.offset = 0

    def take(self, count: int) -> bytes:
        """The next bytes."""
        end = self.offset + count
        if end > len(self.data):
            raise MalformedError("the message ends too soon")
        piece = self.data[self.offset : end]
        self.offset = end
        return piece

    def integer(self, size: int) -> int:
        """A big-endian number of `size` bytes."""
        return int.from_bytes(self.take(size), "big")

    def vector(self) -> bytes:
        """The content of a `<V>`."""
        first = self.integer(1)
        more = {0: 0, 1: 1, 2: 3}.get(first >> 6)
        if more is None:
            raise MalformedError("a vector's length has an invalid prefix")
        length = first & 0x3F
        for byte in self.take(more):
            length = length << 8 | byte
        return self.take(length)

    @property
    def done(self) -> bool:
        """Whether everything was read."""
        return self.offset >= len(self.data)


def reference(label: str, value: bytes) -> bytes:
    """A hash reference (RFC 9420 section 5.2)."""
    return hashlib.sha256(vector(f"MLS 1.0 {label}".encode()) + vector(value)).digest()


def key_package_ref(key_package: bytes) -> bytes:
    """By which a welcome names its reader."""
    return reference("KeyPackage Reference", key_package)


def _to_sign(label: str, content: bytes) -> bytes:
    return vector(f"MLS 1.0 {label}".encode()) + vector(content)


# --- key packages ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a leaf node tells of its member."""

    signature_key: bytes
    identity: bytes


def _leaf(reader: Reader) -> Leaf:
    reader.vector()  # encryption_key
    signature_key = reader.vector()
    if reader.integer(2) != CREDENTIAL_BASIC:
        raise MalformedError("the credential is not a basic one")
    identity = reader.vector()
    for _ in range(CAPABILITIES):
        reader.vector()
    source = reader.integer(1)
    if source == SOURCE_KEY_PACKAGE:
        if (reader.integer(8), reader.integer(8)) != (0, 2**64 - 1):
            raise MalformedError("DAVE's key packages do not expire")
    elif source == SOURCE_COMMIT:
        reader.vector()  # parent_hash
    reader.vector()  # extensions
    reader.vector()  # signature
    return Leaf(signature_key, identity)


def check_key_package(key_package: bytes, user_id: int) -> None:
    """Verify what the DAVE protocol asks the gateway to verify.

    Raises:
        MalformedError: It is no key package, of another suite or user, or its signature is wrong.
    """
    reader = Reader(key_package)
    if (reader.integer(2), reader.integer(2)) != (MLS_10, CIPHER_SUITE):
        raise MalformedError("another version of MLS or another cipher suite")
    reader.vector()  # init_key
    leaf = _leaf(reader)
    if leaf.identity != user_id.to_bytes(8, "big"):
        raise MalformedError("the key package is another user's")
    reader.vector()  # extensions
    signed = key_package[: reader.offset]
    signature = reader.vector()
    if not reader.done:
        raise MalformedError("there is something behind the key package")
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), leaf.signature_key)
    try:
        key.verify(signature, _to_sign("KeyPackageTBS", signed), _ECDSA)
    except InvalidSignature:
        raise MalformedError("the key package's signature is wrong") from None


# --- proposals ---------------------------------------------------------------------------------


class ExternalSender:
    """The gateway's signing key, by which members know its proposals."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.package = vector(public) + struct.pack(">H", CREDENTIAL_BASIC) + vector(bytes(8))
        """The body of opcode 25: signature_key<V>, credential type, identity<V>."""

    def propose(self, group_id: bytes, epoch: int, proposal: bytes) -> tuple[bytes, bytes]:
        """A signed proposal as an MLS message, and the reference commits call it by.

        What is signed has no group context, since the sender is no member (section 6.1).
        """
        content = (
            vector(group_id)
            + struct.pack(">QBI", epoch, SENDER_EXTERNAL, 0)
            + vector(b"")  # authenticated_data
            + bytes([CONTENT_PROPOSAL])
            + proposal
        )
        kind = struct.pack(">H", WIRE_PUBLIC_MESSAGE)
        version = struct.pack(">H", MLS_10)
        to_sign = _to_sign("FramedContentTBS", version + kind + content)
        authenticated = kind + content + vector(self._key.sign(to_sign, _ECDSA))
        return version + authenticated, reference("Proposal Reference", authenticated)


def add(key_package: bytes) -> bytes:
    """The proposal to add whose key package this is."""
    return struct.pack(">H", PROPOSAL_ADD) + key_package


def remove(leaf: int) -> bytes:
    """The proposal to remove the member at a leaf."""
    return struct.pack(">HI", PROPOSAL_REMOVE, leaf)


# --- commits and welcomes ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Commit:
    """A member's commit, as far as the gateway reads it."""

    raw: bytes
    group_id: bytes
    epoch: int
    sender_leaf: int
    refs: tuple[bytes, ...]


def split_commit(data: bytes) -> tuple[Commit, bytes]:
    """The body of opcode 28: a commit, and the welcome behind it (empty without one).

    Only parsing the commit tells where it ends.

    Raises:
        MalformedError: It does not begin with a commit of a member, by reference only.
    """
    reader = Reader(data)
    if (reader.integer(2), reader.integer(2)) != (MLS_10, WIRE_PUBLIC_MESSAGE):
        raise MalformedError("not a public message")
    group_id, epoch = reader.vector(), reader.integer(8)
    if reader.integer(1) != SENDER_MEMBER:
        raise MalformedError("not from a member")
    sender = reader.integer(4)
    reader.vector()  # authenticated_data
    if reader.integer(1) != CONTENT_COMMIT:
        raise MalformedError("not a commit")
    refs, proposals = [], Reader(reader.vector())
    while not proposals.done:
        if proposals.integer(1) != BY_REFERENCE:
            raise MalformedError("a commit may hold no proposals of its own")
        refs.append(proposals.vector())
    if reader.integer(1):  # an update path
        _leaf(reader)
        reader.vector()  # nodes
    for _ in ("signature", "confirmation_tag", "membership_tag"):
        reader.vector()
    end = reader.offset
    return Commit(data[:end], group_id, epoch, sender, tuple(refs)), data[end:]


def split_welcome(welcome: bytes) -> dict[bytes, bytes]:
    """A welcome for several, cut to one welcome for each, by their key packages' references."""
    reader = Reader(welcome)
    suite = reader.take(2)
    secrets, info = Reader(reader.vector()), reader.vector()
    each = {}
    while not secrets.done:
        start = secrets.offset
        ref = secrets.vector()
        secrets.vector()  # kem_output
        secrets.vector()  # ciphertext
        each[ref] = suite + vector(secrets.data[start : secrets.offset]) + vector(info)
    return each
