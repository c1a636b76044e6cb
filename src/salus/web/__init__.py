"""The FHIR API, the pages, and what they are served by. Holds no decision."""
