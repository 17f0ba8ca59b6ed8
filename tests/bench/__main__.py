"""Every figure in one run: ``python -m tests.bench``. The book must be built."""

from tests.bench import bench_python, page

bench_python.main()
page.main()
