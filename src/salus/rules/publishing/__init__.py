"""How rules, emergencies and declarations come to count: a document, named signers, and notice in witness time."""
