"""Keeping what is entrusted: backups, restoring, moving the whole house, and bundles for auditors."""
