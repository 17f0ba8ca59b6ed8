"""How much faster the compiled kernels are than the plain loops: ``python -m tests.bench.kernel_speed``."""

from pathlib import Path

from tests.widgets import node

SCRIPT = Path(__file__).with_name("kernel_speed.mjs")


def main() -> None:
    """Print the time of a model's step for each kernel, as a share of the plain one's."""
    print("A step of the page's kernels in Node: microseconds (ratio to plain JavaScript)")
    for result in node.run(SCRIPT):
        shape, times = result["shape"], result["times"]
        figures = (f"{name} {1000 * time:.1f} ({time / times['plain']:.2f})" for name, time in times.items())
        print(f"  {shape['texts']} texts, H = {shape['units']}, V = {shape['words']}: {', '.join(figures)}")


if __name__ == "__main__":
    main()
