"""Mixes: how often each body is sent."""

from collections import Counter
from pathlib import Path

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.senders.plan.captured import Captured, load_captured
from _hookswarm.senders.plan.mixes import TURNS, Mix, Named, shares

BODIES = {"push/1.json": "1", "push/2.json": "2", "star/3.json": "3", "fork/4.json": "4"}


def a_folder(folder: Path, mix: str) -> Path:
    """A mix, and the folder `bodies` beside it."""
    for name, text in BODIES.items():
        (folder / "bodies" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "bodies" / name).write_text(text)
    path = folder / "mix.toml"
    path.write_text(mix)
    return path


def sent(captured: Captured, count: int = TURNS) -> list[bytes]:
    return [captured.body(b"", n) for n in range(count)]


def test_each_comes_as_often_as_it_weighs(tmp_path: Path) -> None:
    """A type's bodies share its weight; what is not named has 1; a type of weight 0 is never sent."""
    mixed = load_captured(a_folder(tmp_path, 'from = "bodies"\n[weights]\npush = 6\nfork = 0'))
    found = Counter(sent(mixed))
    assert {body: round(count / TURNS, 3) for body, count in found.items()} == {b"1": 0.429, b"2": 0.429, b"3": 0.143}
    assert mixed.told() == "3 bodies of 2 types, 1 B, by weight: push 85.7%, star 14.3%"
    kinds = {b"1": b"push", b"2": b"push", b"3": b"star"}
    assert all(mixed.kind(n) == kinds[mixed.body(b"", n)] for n in range(100))


def test_any_stretch_of_events_and_any_webhook_is_a_sample(tmp_path: Path) -> None:
    """Webhooks get events in turn: one of 100 has the same mix as all."""
    mixed = load_captured(a_folder(tmp_path, 'from = "bodies"\n[weights]\npush = 8'))
    for own in (sent(mixed, 2_000), [mixed.body(b"", n) for n in range(7, 200_000, 100)]):
        assert sum(body in (b"1", b"2") for body in own) / 2_000 == pytest.approx(0.8, abs=0.04)


def test_the_seed_draws_their_order(tmp_path: Path) -> None:
    """Alike in every process of a run; another seed, another order."""
    path = a_folder(tmp_path, 'from = "bodies"')
    one, again, other = (sent(load_captured(path, seed)) for seed in (1, 1, 2))
    assert one == again != other
    assert Counter(one) == Counter(other)


def test_a_file_that_is_named_has_its_own_weight() -> None:
    """It is not of its type's share; and bodies of no type have the weight of others each."""
    bodies = [Named("push", "a.json"), Named("push", "b.json"), Named("", "c.ndjson"), Named("", "c.ndjson")]
    mix = Mix.model_validate({"from": ".", "weights": {"b.json": 3, "push": 4}, "others": 0.5})
    assert shares(mix, bodies) == [0.5, 0.375, 0.0625, 0.0625]
    assert shares(Mix.model_validate({"from": ".", "weights": {"c.ndjson": 1}}), bodies) == [0.25] * 4


@pytest.mark.parametrize(
    ("mix", "said"),
    [
        ("", "from: missing: add it"),
        ("from = 1", "from: "),
        ('from = "bodies"\nweight = 3', "weight: unknown key: write weights"),
        ('from = "bodies"\n[weights]\npush = -1', "weights.push: "),
        ('from = "bodies"\n[weights]\npush = inf', "weights.push: "),
        ('from = "bodies"\n[weights]\npull = 1', "no type or file is named pull: write one of fork, fork/4.json, "),
        ('from = "bodies"\nothers = 0', "all are 0"),
        ('from = "bodies"\n[weights]\npush = 1e6', "less than 1 in 65,537 for fork/4.json, star/3.json"),
        ('from = "nowhere"', "nowhere: "),
        ("from = ", "not TOML"),
    ],
)
def test_what_is_wrong_with_a_mix_is_named(tmp_path: Path, mix: str, said: str) -> None:
    """In one line, that says what to do."""
    with pytest.raises(ConfigError) as caught:
        load_captured(a_folder(tmp_path, mix))
    (fault,) = caught.value.faults
    assert fault.startswith("--payloads ")
    assert said in fault
    assert fault.rpartition(": ")[2].split()[0] in ("add", "close", "give", "write")
