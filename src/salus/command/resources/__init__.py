"""What places of care have: each number with its source and instant, and unknown once it is a day old."""
