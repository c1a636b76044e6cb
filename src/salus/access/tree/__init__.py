"""The private Merkle tree over the register: its leaves, its growth, its anchors in the public log, its checks."""
