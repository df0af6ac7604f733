"""`shenpi doctor`: every invariant of the installation, proved from its own data."""

from __future__ import annotations

import argparse

from api.cli import add_data


def configure(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add_data(parser)


def run(options: argparse.Namespace) -> int:
    """Print every finding; 1 if one is an error."""
    from api.cases import FINDINGS
    from api.commands.installation import reading
    from api.examinations import findings_of
    from api.settings import load

    settings = load(options.data)
    with reading(settings) as store:
        findings = findings_of(store, settings, options.now)
    for finding in findings:
        print(f"{finding}。{FINDINGS[finding.code].remedy}")
    if any(finding.level == "error" for finding in findings):
        return 1
    print("自检完成，没有错误。")
    return 0
