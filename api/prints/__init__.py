"""Work that leaves the desk: what is on a sheet of paper, its PDF, the ledger and the record as files."""
