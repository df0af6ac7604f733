"""What must stay in step: architecture, vocabularies, documents, schemas."""
