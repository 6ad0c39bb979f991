"""Fine-tuning in two stages: related dialogues first (optional), then labelled hotline calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import nn
from tqdm import tqdm

from classifiers.batches import Batch, CallBatches, DialogueBatches, EpochBatches, known_patterns
from classifiers.dataset import CALLS_FILE, read_lines, training_calls
from classifiers.network import STAGES, ScamNetwork, build_network, load_encoder, pooled
from classifiers.warm_start import load_network
from hotline.errors import ConfigError
from hotline.taxonomy import load_taxonomy

EVIDENCE_WEIGHT = 0.15


@dataclass(frozen=True)
class TrainingArguments:
    """What `python -m classifiers train` takes; wrong values raise ConfigError."""

    base: str
    output: Path
    data: Path = CALLS_FILE
    first_stage: Path | None = None
    """JSONL of dialogues `{turns: [[left|right, text]], type}` to train on before the calls."""
    layers: int | None = 6
    """Encoder layers to keep; fewer are faster. None keeps all."""
    epochs: int = 6
    first_stage_epochs: int = 1
    batch_size: int = 16
    learning_rate: float = 1e-4
    seed: int = 7
    threads: int = 2
    resume: bool = False
    damage: bool = True
    """Train on text that looks like a recogniser's, beside clean text."""
    checkpoint_every: int = 100
    """Steps between checkpoints."""
    start_from: Path | None = None
    """A finished model folder, or `first_stage.pt` or `network.pt` of an earlier run, in place of `first_stage`.

    A model folder brings its own encoder and tokenizer: `base` and `layers` are not used then.
    """

    def __post_init__(self) -> None:
        for name, low, high in (
            ("epochs", 1, 100),
            ("first_stage_epochs", 0, 20),
            ("batch_size", 1, 512),
            ("threads", 1, 256),
            ("checkpoint_every", 1, 100_000),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigError(f"--{name} 不对", expected=f"{low} 到 {high}", found=str(value), remedy="改正参数")
        if not 0 < self.learning_rate < 0.01:
            raise ConfigError(
                "--learning_rate 不对", expected="0 到 0.01 之间", found=str(self.learning_rate), remedy="改正参数"
            )
        if self.layers is not None and self.layers < 1:
            raise ConfigError("--layers 不对", expected="1 或更多", found=str(self.layers), remedy="改正参数")


def call_loss(network: ScamNetwork, batch: Batch) -> torch.Tensor:
    """Cross entropy of label and stage, binary cross entropy of the facts, each where it is known.

    The label head's attention is drawn to the words that a person marked as evidence.
    """
    votes, attention = network.read(batch.input_ids, batch.attention_mask)
    logits = pooled(votes.float(), batch.attention_mask)
    labels = len(load_taxonomy().codes)
    loss = nn.functional.cross_entropy(logits[:, :labels], batch.labels, label_smoothing=0.05)
    stage_logits = logits[:, labels : labels + len(STAGES)]
    if (batch.stages >= 0).any():
        loss = loss + 0.3 * nn.functional.cross_entropy(stage_logits, batch.stages, ignore_index=-1)
    known = batch.facts >= 0
    if known.any():
        fact_logits = logits[:, labels + len(STAGES) :]
        loss = loss + 0.5 * nn.functional.binary_cross_entropy_with_logits(fact_logits[known], batch.facts[known])
    told = batch.evidence.any(1)
    if told.any():
        on_evidence = (attention[..., 0] * batch.evidence).sum(1)[told]
        loss = loss - EVIDENCE_WEIGHT * on_evidence.clamp(min=1e-6).log().mean()
    return loss


Loss = Callable[[Any, Batch], torch.Tensor]
"""Takes the network and a batch."""


def run_stage(
    name: str,
    network: nn.Module,
    batches: EpochBatches,
    loss_of: Loss,
    epochs: int,
    args: TrainingArguments,
) -> None:
    """Train in place with AdamW, warm-up and linear decay; checkpoints every `checkpoint_every` steps and resumes from them."""
    total = epochs * len(batches)
    optimizer = torch.optim.AdamW(network.parameters(), lr=args.learning_rate, weight_decay=0.01)
    warmup = max(1, total // 10)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warmup, max(0.02, (total - step) / max(1, total - warmup)))
    )
    checkpoint = args.output / f"checkpoint-{name}.pt"
    done = 0
    if args.resume and checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(saved["network"])
        optimizer.load_state_dict(saved["optimizer"])
        schedule.load_state_dict(saved["schedule"])
        torch.set_rng_state(saved["rng"])
        done = saved["step"]
    network.train()
    step, recent = 0, 0.0
    with tqdm(total=total, initial=done, desc=name, unit="步") as bar:
        for epoch in range(epochs):
            for batch in batches.epoch(epoch):
                step += 1
                if step <= done:
                    continue
                with torch.autocast("cpu", torch.bfloat16):
                    loss = loss_of(network, batch)
                loss.backward()
                nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()
                recent = loss.item() if not recent else 0.95 * recent + 0.05 * loss.item()
                bar.set_postfix(loss=f"{recent:.3f}")
                bar.update()
                if step % args.checkpoint_every == 0:
                    _save(checkpoint, network, optimizer, schedule, step)


def _save(path: Path, network: nn.Module, optimizer: Any, schedule: Any, step: int) -> None:
    fresh = path.with_suffix(".new")
    torch.save(
        {
            "network": network.state_dict(),
            "optimizer": optimizer.state_dict(),
            "schedule": schedule.state_dict(),
            "rng": torch.get_rng_state(),
            "step": step,
        },
        fresh,
    )
    fresh.replace(path)


class FirstStageNetwork(nn.Module):
    """The encoder with a head for the dialogues' own types, and the full encoder to imitate when it was cut."""

    def __init__(self, encoder: nn.Module, hidden_size: int, types: int, teacher: nn.Module | None) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(hidden_size, types)
        self._teacher = [teacher.eval()] if teacher is not None else []
        self.imitation = torch.zeros(())

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return token scores `(N, T, types)`; keeps the distance to the full encoder in `imitation`."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        for teacher in self._teacher:
            with torch.no_grad():
                aim = teacher(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            near = nn.functional.cosine_similarity(hidden.float(), aim.float(), dim=-1)
            self.imitation = ((1 - near) * attention_mask).sum() / attention_mask.sum()
        scores: torch.Tensor = self.head(hidden)
        return scores * attention_mask.unsqueeze(-1)


def train_first_stage(network: ScamNetwork, tokenizer: Tokenizer, args: TrainingArguments) -> None:
    """Fit the encoder to related dialogues, and a shortened encoder to the full one. Saves `first_stage.pt`."""
    assert args.first_stage is not None
    rows = [row for _, row in read_lines(args.first_stage)]
    batches = DialogueBatches(rows, tokenizer, args.batch_size, args.seed)
    teacher, hidden_size = load_encoder(args.base, None) if args.layers else (None, network.heads.in_features)
    stage = FirstStageNetwork(network.encoder, hidden_size, len(batches.types), teacher)

    def loss(stage: FirstStageNetwork, batch: Batch) -> torch.Tensor:
        scores = stage(batch.input_ids, batch.attention_mask).float()
        types = nn.functional.cross_entropy(pooled(scores, batch.attention_mask), batch.labels)
        return 0.3 * types + 5.0 * stage.imitation

    run_stage("first", stage, batches, loss, args.first_stage_epochs, args)
    torch.save(network.encoder.state_dict(), args.output / "first_stage.pt")


def train(args: TrainingArguments) -> ScamNetwork:
    """Run both stages and return the trained network; checkpoints stay in the output folder.

    Raises: ConfigError, DatasetError, ModelError.
    """
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    args.output.mkdir(parents=True, exist_ok=True)
    network, tokenizer = starting_point(args.base, args.layers, args.start_from)
    if args.first_stage and not args.start_from:
        train_first_stage(network, tokenizer, args)
    calls = [call for call in training_calls(args.data) if call.split == "train"] + known_patterns(args.seed)
    run_stage(
        "calls",
        network,
        CallBatches(calls, tokenizer, args.batch_size, args.seed, damage=args.damage),
        call_loss,
        args.epochs,
        args,
    )
    arguments = {name: str(value) for name, value in vars(args).items()}
    (args.output / "arguments.json").write_text(json.dumps(arguments, ensure_ascii=False, indent=1), "utf-8")
    torch.save(network.state_dict(), args.output / "network.pt")
    return network


def starting_point(base: str, layers: int | None, start_from: Path | None) -> tuple[ScamNetwork, Tokenizer]:
    """Return the network that training begins with, and its tokenizer. Raises: ModelError, ConfigError."""
    if start_from and start_from.is_dir():
        return load_network(start_from)
    network = build_network(base, layers)
    if start_from:
        _load_earlier(network, start_from)
    return network, load_tokenizer(base)


def _load_earlier(network: ScamNetwork, path: Path) -> None:
    """Take over a whole earlier network, or its encoder only. Raises: ConfigError."""
    if not path.is_file():
        raise ConfigError(
            "--start-from 不对", expected="模型文件夹、first_stage.pt 或 network.pt", found=path.name, remedy="检查路径"
        )
    state = torch.load(path, weights_only=True)
    if any(name.startswith("heads.") for name in state):
        network.load_state_dict(state)
    else:
        network.encoder.load_state_dict(state)


def load_tokenizer(base: str) -> Tokenizer:
    """Return the fast tokenizer of a base given by folder or hub name, without truncation or padding."""
    from transformers import AutoTokenizer

    tokenizer: Tokenizer = AutoTokenizer.from_pretrained(base).backend_tokenizer
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
