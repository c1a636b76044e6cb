"""The International Patient Summary (HL7 IPS 2.0.1): a document made on demand out of charts, and stored nowhere."""
