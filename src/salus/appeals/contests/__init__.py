"""Contest what was said of you or done with your record: a receipt, a clock, and an answer by somebody else."""
