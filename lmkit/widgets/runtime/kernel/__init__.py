"""The page's kernels: C compiled to WebAssembly by build.py."""
