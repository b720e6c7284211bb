"""Kills ``fsynth balance`` with SIGKILL at random and resumes it until all photos are done; what came of it.

    python -m benchmarks.balance_resume                     in the repository's root: 1,000 photos (Linux)
    python -m benchmarks.balance_resume --count 100 --kills 10

Half of the photos are small digital negatives, which get XMP sidecars, half JPEGs, which get balanced copies; no two
are alike. The same photos are balanced in another folder without an interruption: that is what results have to be, byte
for byte. After each kill and at the end every result's content, inode and time of change is looked at: one that was
written twice has another inode.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from tests.cli.balance.killing import COMMAND, expected, leftovers, look, make_shoot, originals, run_killed

EXAMPLE = Path(__file__).parents[1] / "examples" / "astronaut.jpg"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="photos (1000)")
    parser.add_argument("--kills", type=int, default=40, help="kills at most (40)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    parser.add_argument("--seed", type=int, default=0, help="of the times of the kills (0)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        whole, folder = Path(name, "whole", "shoot"), Path(name, "killed", "shoot")
        make_shoot(whole, EXAMPLE, options.count, np.random.default_rng(1))
        hashes = make_shoot(folder, EXAMPLE, options.count, np.random.default_rng(1))
        started = time.monotonic()
        subprocess.run([*COMMAND, "--jobs", str(options.jobs), str(whole)], check=True, stdout=subprocess.DEVNULL)
        alone = time.monotonic() - started
        results = expected(folder, list(hashes))
        started = time.monotonic()
        wait = (0.5, alone / max(options.kills, 1) + 5)
        rng = np.random.default_rng(options.seed)
        story = run_killed(folder, results, rng, kills=options.kills, wait=wait, jobs=options.jobs)
        killed = time.monotonic() - started
        found = {name: state[2] for name, state in look(results, folder).items()}
        wanted = {name: state[2] for name, state in look(expected(whole, list(hashes)), whole).items()}
        rows = {
            "photos": options.count,
            "kills": len(story.kills),
            "results at the kills": ", ".join(map(str, story.kills)),
            "results as without an interruption, byte for byte": sum(found.get(n) == h for n, h in wanted.items()),
            "lost": len(wanted.keys() - found.keys()),
            "different": sum(n in found and found[n] != h for n, h in wanted.items()),
            "written twice": len(story.changed),
            "originals changed": sum(now != hashes[n] for n, now in originals(folder).items()),
            "temporary files left": len(leftovers(folder)),
            "seconds without an interruption, with": f"{alone:.0f}, {killed:.0f}",
        }
    print("| | |\n| --- | ---: |")
    for words, value in rows.items():
        print(f"| {words} | {value} |")


if __name__ == "__main__":
    main()
