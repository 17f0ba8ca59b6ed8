"""Every figure in one run: ``python -m tests.bench``. The book must be built."""

from tests.bench import (
    bench_python,
    kernel_speed,
    onnx_web,
    page,
    page_training,
    sliders,
    training_speed,
    translator_speed,
)

bench_python.main()
training_speed.main()
kernel_speed.main()
page_training.main()
sliders.main()
translator_speed.main()
onnx_web.main()
page.main()
