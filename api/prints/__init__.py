"""Work that leaves the desk: what is on a sheet of paper, its PDF, and the ledger as a workbook."""
