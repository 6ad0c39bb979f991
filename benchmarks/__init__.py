"""What docs/performance.md quotes. Each module runs alone and prints a table and JSON."""
