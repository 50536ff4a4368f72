"""The system side by side with what a team would write instead: `make bench`, docs/benchmarks.md."""
