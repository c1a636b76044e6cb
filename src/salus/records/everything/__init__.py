"""`Patient/$everything` (FHIR R4): a resident's charts in key order, page by page, bodies as they are stored."""
