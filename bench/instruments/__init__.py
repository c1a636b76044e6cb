"""What benches share: a light load generator, and CPU time of a node from /proc."""
