"""The benchmark: ``make bench``, or ``python -m tests.bench [NAME …]`` for some of the measurements only.

Every figure is a ratio within one run, taken in turns with its peer, so that a busy machine hurts both. It needs the
package's own dependencies, loopback and a temporary directory, and for ``versions`` git and a package registry. It
stops by itself and exits with 1 where a wanted bound is broken. BENCHMARKS.md keeps a run and its reading.
"""
