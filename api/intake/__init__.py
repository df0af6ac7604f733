"""Workbooks of running projects: from a definition to a template, and from a filled-in workbook to rows. No HTTP."""
