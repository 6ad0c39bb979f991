"""Speaks strings of digits and ordinary sentences for training the digit head (`python -m asr_models train-digits`).

Runs in the Python environment of the speech synthesiser, with soxr, not in the project's, and imports nothing of it:

    VOICE_PYTHON benchmarks/digit_speech.py --tool ../shared/tools/synth_zh.py --output FOLDER

Numbers are drawn at random, nobody's, many with doubled digits, said in groups among words that go with them; beside
them stand turns of the train split's calls. Voices: one neural voice at many pitches and speeds, and espeak-ng; most
are played faster or slower (which moves the formants), and sent through mu-law, GSM, noise or a small room. `--digits`
names folders with recordings of single digits (`0.wav` to `9.wav`, `yao.wav` for 幺), a folder a voice, which are put
together to strings; four such voices that may be used freely are named in docs/performance.md. Needs espeak-ng, sox and ffmpeg with libgsm.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from telephone_set import coded
from voices import CALLS, PHONE_RATE, VOICE_RATE, in_mandarin, load_synthesiser

RATE = 16_000
NUMERALS = "零一二三四五六七八九"
LENGTHS = (1, 2, 3, 4, 4, 4, 5, 6, 6, 7, 8, 8, 9, 10, 11, 11, 11, 12, 12, 14, 15, 16, 16, 18, 18, 19, 19, 19)
BEFORE = (
    "，，卡号是，收款的卡号是，我念给您、，账号，对方的账户是，号码是，电话是，他的手机号是，手机号，我的身份证号是，身份证，身份证号码，"
    "尾号，尾号是，验证码是，后面是，前面是，然后是，好、，嗯、，是，就是，卡号，那个卡号是，我记一下、，您说的是，我给您核对、，"
    "跟您确认一下、，单号是，订单号，会议号是，他给的账号是，工号，我的电话，您记一下、，对、，不对、是，开头是，最后四位是，银行卡号是，"
    "户名张伟、账号，支付宝账号是，转到这个卡里、"
)
AFTER = "，，，，对吗，对吧，对不对，是吗，没了，就这个，您记下了吗，完了，是这个吧，我再念一遍，好像是这个，户名李明，没错吧，行吗"
"""What is said around a number, between commas; 、 is a short pause."""
ESPEAK = [f"cmn{kind}" for kind in ("", "+f1", "+f2", "+f3", "+f4", "+m1", "+m2", "+m3", "+m4", "+m5", "+m7")]
ESPEAK_SHARE = 0.16
LONGEST_S = 11.0
Samples = Any


def number(rng: random.Random) -> str:
    """Return random digits, of which nearly every other string has two equal ones in a row."""
    digits = [rng.choice("0123456789") for _ in range(rng.choice(LENGTHS))]
    if len(digits) > 2 and rng.random() < 0.45:
        place = rng.randrange(len(digits) - 1)
        digits[place + 1] = digits[place]
    if len(digits) > 4 and rng.random() < 0.25:
        place = rng.randrange(len(digits) - 2)
        digits[place + 1 : place + 3] = 2 * [digits[place]]
    return "".join(digits)


def said(digits: str, rng: random.Random) -> str:
    """Return the digits as they are said, in groups with pauses: mostly 幺 for one, rarely 洞 and 拐."""
    kind = rng.random()
    names = dict(zip("0123456789", NUMERALS, strict=True))
    names["1"] = "幺" if kind < 0.75 else "一"
    if kind > 0.97:
        names |= {"0": "洞", "7": "拐"}
    whole = [len(digits)]
    at_random = [rng.randint(1, 6) for _ in digits]
    shapes = ([4] * 9, [3, 4, 4, 4, 4, 4], [6, 4, 4, 4, 4], [3] * 9, at_random, whole)
    sizes = rng.choices(shapes, (45, 15, 10, 10, 10, 10))[0]
    groups, start = [], 0
    for size in sizes:
        groups.append("".join(names[digit] for digit in digits[start : start + size]))
        start += size
    return "，".join(group for group in groups if group)


def texts(numbers: int, sentences: int, rng: random.Random) -> list[str]:
    """Return what is spoken: so many numbers, and so many turns of training calls, a quarter of them with numerals."""
    found = []
    for _ in range(numbers):
        before, after = rng.choice(BEFORE.split("，")).replace("、", "，"), rng.choice(AFTER.split("，"))
        found.append(f"{before}{said(number(rng), rng)}{'，' if after else ''}{after}")
    calls = [json.loads(line) for line in CALLS.read_text("utf-8").splitlines()]
    calls = [call for call in calls if call["split"] == "train" and in_mandarin(call)]
    turns = [turn["text"] for call in calls for turn in call["turns"] if 3 < len(turn["text"]) < 45]
    turns = [text for text in turns if text.isprintable() and not any(c.isascii() and c.isalnum() for c in text)]
    counting = [text for text in turns if sum(character in NUMERALS for character in text) > 1]
    found += rng.sample(turns, sentences * 3 // 4) + rng.sample(counting, sentences // 4)
    rng.shuffle(found)
    return found


def spoken(text: str, synthesise: Callable[[str, float, float], Samples], rng: random.Random) -> tuple[Samples, int]:
    """Return samples and rate of a text in a random voice."""
    if rng.random() >= ESPEAK_SHARE:
        return synthesise(text, rng.uniform(0.7, 1.3), rng.uniform(0.75, 1.25)), VOICE_RATE
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        speed, pitch = str(rng.randint(120, 190)), str(rng.randint(25, 75))
        command = ["espeak-ng", "-v", rng.choice(ESPEAK), "-s", speed, "-p", pitch, "-w", file.name, text]
        subprocess.run(command, check=True)
        return soundfile.read(file.name)


def put_together(digits: str, voice: Path, rng: random.Random) -> tuple[Samples, int]:
    """Return samples and rate of a string from a voice's single digits, at the speed of dictation."""
    pauses, pieces = 0, []
    for place, digit in enumerate(digits):
        if place:
            group_ends = rng.random() < 0.25
            pauses += group_ends
            pieces.append(np.zeros(int(RATE * (rng.uniform(0.1, 0.5) if group_ends else rng.uniform(0, 0.06)))))
        yao = voice / "yao.wav"
        samples, _ = soundfile.read(yao if digit == "1" and yao.exists() else voice / f"{digit}.wav")
        fade = np.minimum(1, np.minimum(np.arange(len(samples)), np.arange(len(samples))[::-1]) / 160)
        pieces.append(samples / np.abs(samples).max() * rng.uniform(0.5, 0.8) * fade)
    whole = np.concatenate(pieces)
    wanted_s = rng.uniform(0.22, 0.38) * len(digits) + 0.3 * pauses
    tempo = min(2.0, max(0.9, len(whole) / RATE / wanted_s))
    with tempfile.TemporaryDirectory() as folder:
        before, after = (Path(folder) / name for name in ("before.wav", "after.wav"))
        soundfile.write(before, whole, RATE, subtype="PCM_16")
        subprocess.run(["sox", before, after, "tempo", "-s", f"{tempo:.2f}"], check=True)
        return soundfile.read(after)


def on_the_phone(samples: Samples, rate: int, rng: random.Random) -> Samples:
    """Return 16 kHz speech as another speaker on some line might have said it."""
    chance = np.random.default_rng(rng.getrandbits(32))
    if rng.random() < 0.7:
        samples = soxr.resample(samples, rate, rate * rng.uniform(0.86, 1.16))
    samples = samples / (np.abs(samples).max() + 1e-6) * rng.uniform(0.08, 0.9)
    lead, tail = (np.zeros(int(rng.uniform(*span) * rate)) for span in ((0.05, 0.5), (0.2, 1.3)))
    samples = np.concatenate([lead, samples, tail])
    if rng.random() < 0.15:
        samples = _in_a_room(samples, rate, rng, chance)
    line = rng.random()
    line_rate = PHONE_RATE if line < 0.85 else RATE
    samples = soxr.resample(samples, rate, line_rate)
    loud = np.abs(samples) > 0.1 * np.abs(samples).max()
    power = np.sqrt(np.mean(np.square(samples[loud])))
    noise = chance.standard_normal(len(samples))
    if rng.random() < 0.5:
        noise = np.convolve(noise, np.ones(rng.randint(1, 12)), "same")
        samples = samples + noise / noise.std() * power * 10 ** (-rng.uniform(3, 32) / 20)
    else:
        samples = samples + noise * 10 ** rng.uniform(-5, -3.3)
    codec = ("pcm_mulaw", "wav") if line < 0.6 else ("libgsm", "gsm") if line < 0.75 else None
    samples = np.clip(samples, -1, 1)
    return soxr.resample(coded(samples, *codec) if codec else samples, line_rate, RATE)


def _in_a_room(samples: Samples, rate: int, rng: random.Random, chance: np.random.Generator) -> Samples:
    length = int(rate * 0.15)
    answer = chance.standard_normal(length) * np.exp(-np.arange(length) / (rate * rng.uniform(0.01, 0.04)))
    answer[0] = 6 * np.abs(answer).max()
    echoed = np.convolve(samples, answer)[: len(samples)]
    return echoed / (np.abs(echoed).max() + 1e-6) * np.abs(samples).max()


def main() -> None:
    """Write recordings and `manifest.tsv`; a text that the synthesiser cannot say is left out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", type=Path, required=True, help="synth_zh.py")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--digits", type=Path, nargs="*", default=[], help="folders of single digits at 16 kHz")
    parser.add_argument("--strings", type=int, default=140, help="put together of each of these voices")
    parser.add_argument("--numbers", type=int, default=2000)
    parser.add_argument("--sentences", type=int, default=1066)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    synthesise = load_synthesiser(args.tool)
    lines = []
    chosen = texts(args.numbers, args.sentences, random.Random(args.seed))
    for index, text in enumerate(chosen):
        rng = random.Random(f"{args.seed}-{index}")
        try:
            samples, rate = spoken(text, synthesise, rng)
        except Exception as error:  # the synthesiser fails on some rare characters with errors of many types
            print(f"{text}: {type(error).__name__}: {error}", file=sys.stderr)
            continue
        if len(samples) < LONGEST_S * rate:
            soundfile.write(args.output / f"{index}.wav", on_the_phone(samples, rate, rng), RATE, subtype="PCM_16")
            lines.append(f"{index}.wav\t{text}")
        if index % 100 == 0:
            print(f"{index}/{len(chosen)}", flush=True)
    for voice in args.digits:
        for index in range(args.strings):
            rng = random.Random(f"{args.seed}-{voice.name}-{index}")
            digits = number(rng)
            name = f"{voice.name}-{index}.wav"
            samples, rate = put_together(digits, voice, rng)
            soundfile.write(args.output / name, on_the_phone(samples, rate, rng), RATE, subtype="PCM_16")
            lines.append(f"{name}\t{''.join(NUMERALS[int(digit)] for digit in digits)}")
    (args.output / "manifest.tsv").write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
