"""Make what the alignment page plays: two films of scenes with their sounds, and speech with the times of its words.

Speech is spoken by eSpeak NG through its own library, which also says when each word begins; the program is needed only
here. Everything else is numpy. Writes assets/media/alignment.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import json
import wave
from dataclasses import asdict
from pathlib import Path

import numpy as np

from explainers.alignment import media, scenes
from explainers.alignment.media import Event, Film, Word
from explainers.alignment.scenes import Scene

FILM_RATE = 8000
# Uneven on purpose: a steady beat would fit at every beat.
STARTS = {"film": (0.4, 1.7, 3.4, 4.3, 6.1, 7.2, 8.9), "other": (1.2, 2.6, 3.6, 5.4, 7.0, 8.0)}
STAYS = 0.75
LENGTH = 10.0
STORIES = {
    "film": (
        Scene("circle", "vermilion", "large", "left"),
        Scene("square", "blue", "small", "top"),
        Scene("star", "yellow", "large", count=2),
        Scene("ring", "green", "small", "right"),
        Scene("triangle", "black", "large", "centre"),
        Scene("cross", "pink", "small", relation="left_of", other_shape="circle", other_colour="blue"),
        Scene("star", "green", "small", count=4),
    ),
    "other": (
        Scene("square", "green", "large", "right"),
        Scene("ring", "black", "large", "top"),
        Scene("circle", "pink", "small", count=3),
        Scene("star", "blue", "large", "bottom"),
        Scene("cross", "vermilion", "small", "left"),
        Scene("triangle", "yellow", "large", count=2),
    ),
}
PITCH = {shape: 330 * 2 ** (step / 12) for shape, step in zip(scenes.SHAPES, (0, 3, 5, 7, 10, 12), strict=True)}
SENTENCES = {
    "en": "A large red circle comes in from the left, and four green stars follow.",
    "zh-Hant": "一個紅色的大圓形從左邊進來，四個綠色的星形跟著出現。",
}
# What counts as a word: the synthesiser says "from the" in one.
WORDS = {
    "en": ("A", "large", "red", "circle", "comes", "in", "from the", "left", "and", "four", "green", "stars", "follow"),
    "zh-Hant": ("一個", "紅色的", "大", "圓形", "從", "左邊", "進來", "四個", "綠色的", "星形", "跟著", "出現"),
}
VOICES = {"en": "en-us", "zh-Hant": "cmn"}
# Words a minute, pitch (0 to 99) and the pause at a comma: the second reading is slower, lower and pauses.
READINGS = {"plain": (165, 50, ""), "slow": (115, 35, '<break time="600ms"/>')}
HASTE = {"en": 1.0, "zh-Hant": 1.8}  # the Mandarin voice takes its time
SYNCHRONOUS, WORD_EVENT, END_EVENT, SSML, UTF8 = 2, 1, 0, 0x10, 1


def films() -> dict[str, Film]:
    """Both films."""
    made = {}
    for name, story in STORIES.items():
        events = [Event(start, start + STAYS, scene) for start, scene in zip(STARTS[name], story, strict=True)]
        made[name] = Film(name, tuple(events), LENGTH)
    return made


def sounds(film: Film) -> np.ndarray:
    """A struck tone when a scene appears; its pitch tells the shape, several strokes the number."""
    out = np.zeros(round(film.length * FILM_RATE))
    time = np.arange(round(0.6 * FILM_RATE)) / FILM_RATE
    for event in film.events:
        scene = event.scene
        shapes = [scene.shape, scene.other_shape] if scene.relation else [scene.shape] * scene.count
        for stroke, shape in enumerate(shapes):
            tone = sum(np.sin(2 * np.pi * PITCH[shape] * k * time) / k**1.5 for k in (1, 2, 3))
            part = tone * np.exp(-time * 9) * np.minimum(1, time / 0.004)
            at = round((event.start + 0.07 * stroke) * FILM_RATE)
            out[at : at + len(part)] += part[: len(out) - at]
    noise = np.random.default_rng(5).normal(0, 0.002, len(out))
    return np.asarray(out / np.abs(out).max() * 0.8 + noise)


def write_wav(path: Path, signal: np.ndarray, rate: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(signal, -1, 1) * 32767).astype("<i2").tobytes())


class _Name(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int), ("unique_identifier", ctypes.c_uint), ("text_position", ctypes.c_int),
        ("length", ctypes.c_int), ("audio_position", ctypes.c_int), ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p), ("id", _Name),
    )  # fmt: skip


def speak(text: str, voice: str, speed: int, pitch: int) -> tuple[np.ndarray, int, list[tuple[int, int, float]]]:
    """Samples, rate, and for each word its place in the text (from 1), its length and when it begins, in seconds."""
    found = ctypes.util.find_library("espeak-ng")
    if found is None:
        raise SystemExit("make assets needs eSpeak NG (libespeak-ng1) for the recordings of speech")
    espeak = ctypes.CDLL(found)
    rate = espeak.espeak_Initialize(SYNCHRONOUS, 0, None, 0)
    parts: list[np.ndarray] = []
    words: list[tuple[int, int, float]] = []
    kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))

    def hear(samples: object, many: int, events: ctypes.Array[_Event]) -> int:
        if many and samples:
            parts.append(np.ctypeslib.as_array(samples, (many,)).copy())
        at = 0
        while events[at].type != END_EVENT:
            if events[at].type == WORD_EVENT:
                words.append((events[at].text_position, events[at].length, events[at].audio_position / 1000))
            at += 1
        return 0

    callback = kind(hear)
    espeak.espeak_SetSynthCallback(callback)
    espeak.espeak_SetVoiceByName(voice.encode())
    espeak.espeak_SetParameter(1, speed, 0)
    espeak.espeak_SetParameter(3, pitch, 0)
    data = text.encode()
    espeak.espeak_Synth(data, len(data) + 1, 0, 1, 0, SSML | UTF8, None, None)
    espeak.espeak_Synchronize()
    return np.concatenate(parts).astype(np.float64) / 32768, int(rate), words


def to_16k(signal: np.ndarray, rate: int) -> np.ndarray:
    """The same sound at 16,000 samples a second, what lies above 7 kHz taken out first."""
    spectrum = np.fft.rfft(signal)
    spectrum[np.fft.rfftfreq(len(signal), 1 / rate) > 7000] = 0
    smooth = np.fft.irfft(spectrum, len(signal))
    times = np.arange(round(len(signal) * 16000 / rate)) / 16000
    return np.interp(times, np.arange(len(smooth)) / rate, smooth)


def word_times(language: str, text: str, found: list[tuple[int, int, float]], seconds: float) -> list[Word]:
    """The page's words with the times at which the synthesiser begins them; a word ends where the next begins."""
    words = WORDS[language]
    starts, at = [], 0
    for word in words:
        at = text.index(word, at)
        inside = [start for place, length, start in found if at < place + max(1, length) and place - 1 < at + len(word)]
        starts.append(inside[0] if inside else float("nan"))
        at += len(word)
    ends = [*starts[1:], seconds]
    return [Word(word, round(start, 3), round(end, 3)) for word, start, end in zip(words, starts, ends, strict=True)]


def main() -> None:
    media.FOLDER.mkdir(parents=True, exist_ok=True)
    made = films()
    for name, film in made.items():
        write_wav(media.FOLDER / f"{name}.wav", sounds(film), FILM_RATE)
    speech: dict[str, dict[str, object]] = {}
    for language, sentence in SENTENCES.items():
        for reading, (speed, pitch, pause) in READINGS.items():
            comma = "," if language == "en" else "，"
            text = sentence.replace(comma, comma + pause)
            signal, rate, found = speak(text, VOICES[language], round(speed * HASTE[language]), pitch)
            signal = to_16k(signal, rate)
            name = f"speech-{language}-{reading}"
            write_wav(media.FOLDER / f"{name}.wav", signal * 0.9 / np.abs(signal).max(), 16000)
            words = word_times(language, text, found, len(signal) / 16000)
            speech[name] = {
                "words": [[word.text, word.start, word.end] for word in words],
                "seconds": round(len(signal) / 16000, 3),
            }
            print(name, speech[name])
    table = {
        "films": {
            name: {"length": film.length, "events": [asdict(event) for event in film.events]}
            for name, film in made.items()
        },
        "speech": speech,
    }
    (media.FOLDER / "media.json").write_text(json.dumps(table, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
