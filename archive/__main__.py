"""``python -m archive`` is the command ``baogao``."""

from archive.cli import main

main()
