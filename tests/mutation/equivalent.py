"""Mutants that do what the code does, each with the reason: no test can tell them apart.

The names are those that `run.py` prints, without the name of the package.
"""

from __future__ import annotations

__all__ = ["EQUIVALENT"]

_REASONS: dict[str, tuple[str, ...]] = {
    "none is none": ("job_waiting:deadline_of: timeout < 0 -> timeout <= 0",),
    "how well a file is packed changes no content": (
        "journal:Journal.begin: 1 -> 2",
        "journal:Journal.begin: 1 -> 0",
        "journal:Journal.store_result: 1 -> 2",
        "journal:Journal.store_result: 1 -> 0",
    ),
    "the stage that is left out is the one that is there": (
        (
            "journal:Journal.advance: _ORDER[changes['stage']] < _ORDER[entry.stage] -> "
            "_ORDER[changes['stage']] <= _ORDER[entry.stage]"
        ),
    ),
    "the lengths were compared before": (
        "results.checking:check: zip(result, circuits, strict=True) -> zip(result, circuits)",
        "results.checking:check: True -> False",
    ),
    "no kind of numbers is called X": ("results.checking:_check_values: 'cf' -> 'XXcf'",),
    "the size of pieces changes time and memory only": (
        "results.formatted:_ROWS: 4096 -> 4095",
        "results.formatted:_ROWS: 4096 -> 4097",
        "results.words:_PIECE_BYTES: 8 * 1024 * 1024 -> 8 * 1024 // 1024",
        "results.words:_PIECE_BYTES: 8 -> 9",
        "results.words:_PIECE_BYTES: 1024 -> 1025",
        "results.words:_PIECE_BYTES: 1024 -> 1025 #2",
        "results.words:_PIECE_BYTES: 8 * 1024 -> 8 // 1024",
        "results.words:_PIECE_BYTES: 8 -> 7",
        "results.words:_PIECE_BYTES: 1024 -> 1023",
        "results.words:_PIECE_BYTES: 1024 -> 1023 #2",
        "results.words:shot_words: 8 -> 7 #2",
        "results.words:shot_words: 1 -> 2 #3",
        "results.words:shot_words: _PIECE_BYTES // (8 * width) -> _PIECE_BYTES * (8 * width)",
        "results.words:shot_words: 8 -> 9 #2",
        "wire.codec:_TEXT_PIECE: 64 -> 63",
        "wire.codec:_TEXT_PIECE: 1024 -> 1023",
        "wire.codec:_TEXT_PIECE: 64 -> 65",
        "wire.codec:_TEXT_PIECE: 1024 -> 1025",
        "wire.codec:_PIECE: 256 * 1024 -> 256 // 1024",
        "wire.codec:_PIECE: 256 -> 255",
        "wire.codec:_PIECE: 1024 -> 1023",
        "wire.codec:_PIECE: 256 -> 257",
        "wire.codec:_PIECE: 1024 -> 1025",
    ),
    "no digit of ASCII has so high a number": (
        "results.formatted:_nibbles: 256 -> 255",
        "results.formatted:_nibbles: 256 -> 257",
    ),
    "both have one length by construction": (
        "results.formatted:DirectCounts.__init__: True -> False",
        (
            "results.formatted:DirectCounts.__init__: zip(bits, raw.values(), strict=True) -> "
            "zip(bits, raw.values())"
        ),
        "results.formatted:DirectCounts.int_raw: True -> False",
        (
            "results.formatted:DirectCounts.int_raw: zip(map(int, self.hex_raw, repeat(16)), "
            "self.hex_raw.values(), strict=True) -> "
            "zip(map(int, self.hex_raw, repeat(16)), self.hex_raw.values())"
        ),
        (
            "results.version1:sampler_result: zip(found, _metadata(metadata, len(found), allowance), "
            "strict=True) -> zip(found, _metadata(metadata, len(found), allowance))"
        ),
        "results.version1:sampler_result: True -> False",
        "results.version1:estimator_result: True -> False",
        (
            "results.version1:estimator_result: zip(found, _metadata(metadata, len(found), "
            "allowance), strict=True) -> zip(found, _metadata(metadata, len(found), allowance))"
        ),
    ),
    "bit_array refuses it next, with the same words": ("results.plain:_WIDEST_REGISTER: 1000000 -> 1000001",),
    "the way for odd samples reads all others, too, and takes longer": (
        (
            "results.plain:_packed: all((isinstance(sample, str) and sample[:2] == '0x' and (2 < "
            "len(sample) <= digits + 2) for sampl... -> False"
        ),
        "results.plain:_packed: 2 -> 1 #2",
        "results.plain:_packed: 2 < len(sample) <= digits + 2 -> 2 < len(sample) < digits + 2",
        "results.plain:_packed: 2 -> 3 #3",
        "results.plain:_packed: digits + 2 -> digits - 2",
        "results.plain:_packed: 2 -> 1 #4",
        "results.plain:_packed: 2 -> 3 #2",
        "results.plain:_packed: '0x' -> 'XX0x'",
    ),
    "read_hex raises the same next": (
        "results.plain:_packed: raise CodecError('a sample is not hexadecimal text') from error -> pass",
    ),
    "a CodecError is a ValueError": (
        (
            "results.reading:primitive_result_from_json: except (msgspec.DecodeError, CodecError, "
            "AttributeError, OverflowError, RecursionError, TypeError... -> except "
            "(msgspec.DecodeError, AttributeError, OverflowError, RecursionError, TypeError, "
            "ValueError..."
        ),
    ),
    "a DecodeError is a ValueError": (
        (
            "results.reading:primitive_result_from_json: except (msgspec.DecodeError, CodecError, "
            "AttributeError, OverflowError, RecursionError, TypeError... -> except (CodecError, "
            "AttributeError, OverflowError, RecursionError, TypeError, ValueError) as error:"
        ),
    ),
    "what is damaged without an escape is read once more, and refused with the same words": (
        "results.values:Allowance.array: _BACKSLASH not in bytes(text) -> False",
        "results.values:Allowance.array: raise -> pass",
    ),
    "the value begins with a quote, so it is text": (
        "results.values:Allowance.array: msgspec.json.decode(raw, type=str) -> msgspec.json.decode(raw)",
    ),
    "a shortcut for metadata in which there is nothing to resolve": (
        "results.values:Allowance.metadata: len(text) <= _DEEPEST and b'__' not in bytes(text) -> False",
        "results.values:Allowance.metadata: len(text) <= _DEEPEST -> len(text) < _DEEPEST",
    ),
    "any negative variance stands for none": ("results.version1:estimator_result: 1 -> 2",),
    "without counts there is nothing that could be handed out": (
        "results.version1:rounded_counts: 0 -> 1 #2",
        "results.version1:rounded_counts: counts -> True",
    ),
    "the way for all registers gives the same words, and takes longer": (
        "results.words:shot_words: whole is not None -> False",
        "results.words:_only_register: len(record.fields) != 1 -> True",
        "results.words:_only_register: not size or places != tuple(range(size)) -> True",
        "results.words:_only_register: not size -> size",
        ("results.words:_only_register: size % 8 and found.size and found[:, 0].max() >> size % 8 -> True"),
        "results.words:_only_register: size % 8 -> size * 8",
        "results.words:_only_register: 8 -> 7",
        "results.words:_only_register: 8 -> 9 #2",
        (
            "results.words:_only_register: size % 8 and found.size and found[:, 0].max() >> size % 8 "
            "-> size % 8 or found.size or found[:, 0].max() >> size % 8"
        ),
        "results.words:_only_register: 8 -> 9",
        "results.words:_only_register: found[:, 0].max() >> size % 8 -> found[:, 0].max() << size % 8",
        "results.words:_only_register: 8 -> 7 #2",
        "results.words:_only_register: return found -> return None",
        "results.words:_joined: places == tuple(range(places[0], places[0] + len(places))) -> False",
        "results.words:_joined: places[0] + len(places) -> places[0] - len(places)",
    ),
    "a leading byte of zeros changes no number": ("results.words:shot_words: 1 -> 2 #2",),
    "the arrays have two axes": (
        "results.words:_joined: -1 -> 1 #2",
        "results.words:_joined: -1 -> 1 #3",
        "results.words:_listed: -1 -> 1",
    ),
    "no end is noted as no end": ("tracked_job:TrackedJob.end_time: found is not None -> True",),
    "of a twentieth of a second, what is below a microsecond": ("waiting:first_pause_s: 6 -> 5",),
    "a rest of no time": (
        (
            "waiting:Poller._rest: (left := (ends - self._clock())) > 0 -> (left := (ends - "
            "self._clock())) >= 0"
        ),
    ),
    "a fresh look at the same tickets gives no earlier turn": (
        "waiting:Poller._rest: len(self._tickets) > count -> True",
    ),
    "there is an open ticket, so there is a pause": ("waiting:Poller._rest: 0.0 -> 1.0",),
    "any negative patience ends a wait": ("waiting:Poller._hand_out: 1.0 -> 3.0",),
    "the header has none of these orders": ("wire.codec:_DTYPES: '<>' -> 'XX<>'",),
    "the checksum at the end of zlib data is read after all output, so none is left then": (
        "wire.codec:_inflated: not piece -> True",
    ),
}

EQUIVALENT = {
    f"qiskit_direct_provider.{name}": reason for reason, names in _REASONS.items() for name in names
}
