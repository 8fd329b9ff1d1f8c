"""``kill -9`` in the middle of it; ``python -m bench.crashes`` does it a hundred times."""

from bench.crashes import run


def test_killed_recorder_leaves_whole_files_and_an_honest_ledger() -> None:
    result = run(kills=3, cameras=8, seed=20)
    recorder = result["by_victim"]["recorder"]
    assert recorder["kills"] == 2
    # A file that was just begun and holds nothing yet may be found, and is mended.
    assert not {"damaged", "misplaced"} & set(recorder["other_findings"])
    assert recorder["gaps_not_in_ledger"] == 0
    assert result["ok_after_mending"]
    assert result["files"] >= 8 * 3
