"""Files that would have FFmpeg open something else, if it were let: none of them is a recording.

`{canary}` is the path of a file with sound in it, beside the hostile one; `{port}` a local port.
"""

import gzip
import struct
import zlib

FFCONCAT = "ffconcat version 1.0\nfile '{canary}'\n"
M3U8 = (
    "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n"
    "#EXTINF:2.0,\n{uri}\n#EXT-X-ENDLIST\n"
)
SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 239.1.1.1/1\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
)
MPD = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
    'mediaPresentationDuration="PT2S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011">'
    '<Period><AdaptationSet mimeType="audio/wav"><Representation id="a" bandwidth="1">'
    "<BaseURL>{uri}</BaseURL></Representation></AdaptationSet></Period></MPD>"
)
CPL = (
    '<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016">'
    "<Id>urn:uuid:0</Id><SegmentList><Segment><SequenceList><MainAudioSequence><ResourceList>"
    "<Resource><TrackFileId>{uri}</TrackFileId></Resource></ResourceList></MainAudioSequence>"
    "</SequenceList></Segment></SegmentList></CompositionPlaylist>"
)
MPEG_FRAME = b"\xff\xfb\x90\x00" + bytes(413)
"""An MP3 frame of 128 kbit/s at 44.1 kHz, silent."""

_TEXTS = {
    "ffconcat": FFCONCAT,
    "ffconcat after a line": "\n" + FFCONCAT,
    "ffconcat after a mark": "\ufeff" + FFCONCAT,
    "ffconcat of a URL": "ffconcat version 1.0\nfile 'file:{canary}'\n",
    "ffconcat of a port": "ffconcat version 1.0\nfile 'tcp://127.0.0.1:{port}'\n",
    "m3u8": M3U8.replace("{uri}", "{canary}"),
    "m3u8 of a file: URL": M3U8.replace("{uri}", "file://{canary}"),
    "m3u8 of concat:": M3U8.replace("{uri}", "concat:{canary}|{canary}"),
    "m3u8 of data:": M3U8.replace("{uri}", "data:audio/wav;base64,UklGRg=="),
    "m3u8 of a port": M3U8.replace("{uri}", "http://127.0.0.1:{port}/a.wav"),
    "m3u8 after a mark": "\ufeff" + M3U8.replace("{uri}", "{canary}"),
    "m3u8 with other line ends": M3U8.replace("{uri}", "{canary}").replace("\n", "\r\n"),
    "m3u8 with a map": M3U8.replace("{uri}", '{canary}\n#EXT-X-MAP:URI="{canary}"'),
    "m3u8 with a key": M3U8.replace("{uri}", '{canary}\n#EXT-X-KEY:METHOD=AES-128,URI="{canary}"'),
    "m3u8 of variants": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{canary}\n",
    "sdp": SDP,
    "sdp with a file of keys": SDP + "a=key-mgmt:mikey {canary}\r\n",
    "dash": MPD.replace("{uri}", "{canary}"),
    "dash of a port": MPD.replace("{uri}", "http://127.0.0.1:{port}/a"),
    "imf": CPL.replace("{uri}", "{canary}"),
    "imf's map": CPL.replace("CompositionPlaylist", "AssetMap").replace("{uri}", "{canary}"),
    "smooth streaming": '<SmoothStreamingMedia><StreamIndex Url="{canary}"/>',
    "cue": 'FILE "{canary}" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n',
    "vobsub": "# VobSub index file, v7\nid: en, index: 0\ntimestamp: 00:00:00:000, filepos: 0\n",
    "rtsp as text": "rtsp://127.0.0.1:{port}/a\n",
    "rtsp in a QuickTime text": "rtsptextrtsp://127.0.0.1:{port}/a\n",
    "asx": '<asx version="3.0"><entry><ref href="{canary}"/></entry></asx>',
    "smil": '<smil><body><audio src="{canary}"/></body></smil>',
    "pls": "[playlist]\nFile1={canary}\nNumberOfEntries=1\n",
    "xspf": '<playlist version="1"><trackList><track><location>{canary}</location></track>',
    "lavfi graph": "amovie={canary}",
    "avisynth": 'DirectShowSource("{canary}")',
    "ffmetadata": ";FFMETADATA1\ntitle={canary}\n",
    "data: URL": "data:audio/wav;base64,UklGRg==",
    "subrip": "1\n00:00:00,000 --> 00:00:02,000\n{canary}\n",
    "ass": "[Script Info]\nScriptType: v4.00+\n[Fonts]\nfontname: {canary}\n",
    "webvtt": "WEBVTT\n\n00:00.000 --> 00:02.000\n{canary}\n",
    "sami": "<SAMI><BODY><SYNC Start=0><P>{canary}</BODY></SAMI>",
    "microdvd": "{{0}}{{50}}{canary}\n",
    "jacosub": "#TIMERES 30\n0:00:00.00 0:00:02.00 D {canary}\n",
    "sbg": "-SE\nNOW {canary}\n",
}
_BEHIND = {
    "an ID3 tag": b"ID3\x04\x00\x00\x00\x00\x00\x05hello",
    "two ID3 tags": b"ID3\x04\x00\x00\x00\x00\x00\x00ID3\x03\x00\x00\x00\x00\x00\x01x",
    "frames of MP3": MPEG_FRAME * 3,
    "OggS": b"OggS",
    "fLaC": b"fLaC",
    "RIFF WAVE": b"RIFF\xff\xff\xff\x7fWAVE",
    "FORM AIFF": b"FORM\x00\xff\xff\xffAIFF",
    "EBML": b"\x1a\x45\xdf\xa3",
    "ftyp": b"\x00\x00\x00\x0cftypqt  ",
    "caff": b"caff\x00\x01\x00\x00",
    "AMR": b"#!AMR\n",
    "FLV": b"FLV\x01",
}


def hostile(canary: str, port: int) -> dict[str, bytes]:
    """Each by what it is."""
    texts = {name: text.format(canary=canary, port=port).encode() for name, text in _TEXTS.items()}
    files = dict(texts)
    for kind in ("ffconcat", "m3u8", "sdp"):
        files |= {f"{kind} behind {name}": head + texts[kind] for name, head in _BEHIND.items()}
        files[f"{kind}, gzip"] = gzip.compress(texts[kind], mtime=0)
        files[f"{kind}, zlib"] = zlib.compress(texts[kind])
        files[f"{kind} in UTF-16"] = texts[kind].decode().encode("utf-16")
    files["a reference movie"] = reference_movie(canary.encode())
    files["a track elsewhere"] = movie_elsewhere(canary.encode())
    files["a track elsewhere, by URL"] = movie_elsewhere(canary.encode(), kind=b"url ")
    files["a linked segment"] = linked_segment(canary.encode())
    files["an Ogg skeleton"] = ogg_skeleton(canary.encode())
    return files


def box(name: bytes, *bodies: bytes) -> bytes:
    """A box of ISO/IEC 14496-12, or atom of QuickTime's."""
    body = b"".join(bodies)
    return struct.pack(">I4s", len(body) + 8, name) + body


def _full(name: bytes, *bodies: bytes, flags: int = 0) -> bytes:
    return box(name, struct.pack(">I", flags), *bodies)


def reference_movie(path: bytes) -> bytes:
    """QuickTime's `rmra`: a movie that is another file."""
    address = _full(b"rdrf", b"url ", struct.pack(">I", len(path) + 1), path, b"\0")
    return box(b"ftyp", b"qt  \0\0\0\0") + box(b"moov", box(b"rmra", box(b"rmda", address)))


def movie_elsewhere(path: bytes, *, kind: bytes = b"alis", count: int = 16_000) -> bytes:
    """A track of 16 bit sound whose samples are in another file (`dref`)."""
    if kind == b"alis":
        alias = struct.pack(">4xHHB27sIH", 150, 2, 0, b"", 0, 0) + bytes(92 - 42)
        alias += bytes(20) + struct.pack(">HH", 2, len(path)) + path
        alias += struct.pack(">HH", 18, len(path)) + path + struct.pack(">H", 0xFFFF)
        entry = _full(kind, alias)
    else:
        entry = _full(kind, b"file://" + path + b"\0")
    return _movie(_full(b"dref", struct.pack(">I", 1), entry), count)


def hungry_movie() -> bytes:
    """A kilobyte that says of itself to have 40 million samples, each with a place in an index."""
    own = _full(b"dref", struct.pack(">I", 1), _full(b"url ", flags=1))
    return _movie(own, 40_000_000)


def _movie(dref: bytes, count: int) -> bytes:
    rate = 16_000
    sound = struct.pack(">6xHHHIHHHHI", 1, 0, 0, 0, 1, 16, 0, 0, rate << 16)
    table = box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", 1), box(b"sowt", sound)),
        _full(b"stts", struct.pack(">III", 1, count, 2)),
        _full(b"stsc", struct.pack(">IIII", 1, 1, count, 1)),
        _full(b"stsz", struct.pack(">II", 2, count)),
        _full(b"stco", struct.pack(">II", 1, 44)),
    )
    minf = box(b"minf", _full(b"smhd", bytes(4)), box(b"dinf", dref), table)
    mdia = box(
        b"mdia",
        _full(b"mdhd", struct.pack(">IIIIHH", 0, 0, rate, count, 0, 0)),
        _full(b"hdlr", b"mhlrsoun", bytes(13)),
        minf,
    )
    track = box(b"trak", _full(b"tkhd", struct.pack(">IIIII60x", 0, 0, 1, 0, 0), flags=7), mdia)
    head = _full(b"mvhd", struct.pack(">IIII80x", 0, 0, rate, 1))
    return box(b"ftyp", b"qt  \0\0\0\0") + box(b"moov", head, track) + box(b"mdat", bytes(100))


def _element(name: bytes, body: bytes) -> bytes:
    return name + struct.pack(">Q", len(body) | 1 << 56) + body


def linked_segment(path: bytes) -> bytes:
    """Matroska that is one part of several files, with a font attached."""
    head = _element(b"\x1a\x45\xdf\xa3", b"\x42\x82\x88matroska")
    info = _element(b"\x3c\x83\xab", path) + _element(b"\x3e\x83\xbb", path)
    font = _element(b"\x46\x6e", path) + _element(b"\x46\x60", b"font/ttf")
    attached = _element(b"\x19\x41\xa4\x69", _element(b"\x61\xa7", font))
    return head + _element(b"\x18\x53\x80\x67", _element(b"\x15\x49\xa9\x66", info) + attached)


def ogg_skeleton(path: bytes) -> bytes:
    """An Ogg file with a skeleton (`fishead`) alone, whose message headers name a file."""
    body = b"fishead\0" + struct.pack("<HH", 4, 0) + bytes(52) + b"Content-Location: " + path
    lacing = bytes([len(body)]) if len(body) < 255 else bytes([255, len(body) - 255])
    return struct.pack("<4sBBqIIIB", b"OggS", 0, 2, 0, 9, 0, 0, len(lacing)) + lacing + body


def many_comments(count: int) -> bytes:
    """FLAC with so many comments of different names: FFmpeg compares each with all others."""
    comments = (b"k%x=v" % number for number in range(count))
    body = struct.pack("<IcI", 1, b"x", count)
    body += b"".join(struct.pack("<I", len(one)) + one for one in comments)
    stream = struct.pack(">HH6x", 4096, 4096) + ((16_000 << 44) | (15 << 36)).to_bytes(8, "big")
    blocks = struct.pack(">I", 34) + stream + bytes(16)
    return b"fLaC" + blocks + struct.pack(">I", 0x84 << 24 | len(body)) + body


def many_attachments(count: int) -> bytes:
    """Matroska with so many empty attachments, of which each takes FFmpeg some 50 bytes a byte."""
    head = _element(b"\x1a\x45\xdf\xa3", b"\x42\x82\x88matroska")
    attached = _element(b"\x19\x41\xa4\x69", b"\x61\xa7\x80" * count)
    return head + _element(b"\x18\x53\x80\x67", attached)
