"""核对审计包。只用 Python 自带的功能，不连网，不用审批系统的任何程序；请先通读本文件，再运行：

    python3 verify.py [审计包.zip 或已解开的目录] [--against 校验码]

不写路径时，核对本文件所在的目录。相符退出码为0，不符为1。
怎样核对：每条记录的校验码 = SHA-256(上一条的校验码、项目号、序号、时刻、人员号、内容，逐行相连)，
所以改动、删去、调换任何一条，后面的都对不上；封签把当时所有项目的末条校验码合成一个，也逐个相连。
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

START = "0" * 64
Chain = list[dict[str, Any]]


class Wrong(Exception):
    """Something does not hold; says what, in Chinese."""


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read_all(place: Path) -> dict[str, bytes]:
    """Every file of the bundle by its name; zip checks its own sums on the way."""
    if place.is_dir():
        found = (each for each in sorted(place.rglob("*")) if each.is_file())
        return {
            each.relative_to(place).as_posix(): each.read_bytes()
            for each in found
            if "__pycache__" not in each.parts and each.suffix != ".zip"
        }
    with zipfile.ZipFile(place) as file:
        return {name: file.read(name) for name in file.namelist()}


def check_files(files: dict[str, bytes]) -> dict[str, Any]:
    """The manifest, once every file is what it says and no other is there."""
    content = files.pop("manifest.json")
    if files.pop("manifest.sha256") != f"{sha256(content)}\n".encode():
        raise Wrong("清单与它的校验码不符")
    manifest: dict[str, Any] = json.loads(content)
    for name, hashed in manifest["files"].items():
        if name not in files:
            raise Wrong(f"缺少文件 {name}")
        if sha256(files[name]) != hashed:
            raise Wrong(f"文件 {name} 与清单所记的校验码不符")
    for name in files:
        if name not in manifest["files"]:
            raise Wrong(f"多出文件 {name}，不在清单中")
    return manifest


def lines(content: bytes) -> Chain:
    return [json.loads(each) for each in content.decode("utf-8").splitlines()]


def hash_of(before: str, entry: dict[str, Any]) -> str:
    """The hash of one entry, given the one before it."""
    parts = (before, entry["project"], entry["seq"], entry["at"], entry["actor"], entry["data"])
    return sha256("\n".join(map(str, parts)).encode())


def check_chains(manifest: dict[str, Any], entries: Chain) -> dict[int, Chain]:
    """Every chain of the bundle, once each entry follows from the one before it."""
    chains: dict[int, Chain] = {}
    for entry in entries:
        chain = chains.setdefault(entry["project"], [])
        before = chain[-1]["hash"] if chain else START
        if entry["seq"] != len(chain) + 1:
            raise Wrong(f"“{entry['title']}”第 {len(chain) + 1} 条缺失或乱序")
        if hash_of(before, entry) != entry["hash"]:
            raise Wrong(f"“{entry['title']}”第 {entry['seq']} 条的内容与校验码不符")
        chain.append(entry)
    for each in manifest["projects"]:
        chain = chains.get(each["id"], [])
        if len(chain) != each["seq"] or (chain and chain[-1]["hash"] != each["head"]):
            raise Wrong(f"“{each['title']}”应有 {each['seq']} 条，实有 {len(chain)} 条，或末条不符")
    return chains


def check_seals(seals: Chain, heads: Chain, chains: dict[int, Chain]) -> None:
    """Every seal follows from the one before it; the last covers the heads, and the chains run through them."""
    before = START
    for number, seal in enumerate(seals, 1):
        parts = (before, seal["at"], seal["upto"], seal["chains"], seal["root"])
        if sha256("\n".join(map(str, parts)).encode()) != seal["hash"]:
            raise Wrong(f"第 {number} 个封签与其内容不符")
        before = seal["hash"]
    if not seals:
        return
    root = "".join(f"{each['project']}:{each['head']}\n" for each in heads)
    if sha256(root.encode()) != seals[-1]["root"]:
        raise Wrong("最近一次封签与当时各项目的末条校验码不符")
    for each in heads:
        chain = chains.get(each["project"])
        if chain is not None and each["head"] not in {entry["hash"] for entry in chain}:
            raise Wrong(f"“{chain[0]['title']}”封签时的末条不在记录之中：记录曾被截断或改写")


def named_in(value: Any) -> Iterator[str]:
    """The hashes of all documents that an entry names."""
    if isinstance(value, dict):
        for key, inside in value.items():
            if key == "sha256" and inside:
                yield inside
            yield from named_in(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from named_in(inside)


def beijing(at: str) -> str:
    """An instant of the record, as the clocks there showed it."""
    found = datetime.fromisoformat(at.rstrip("Z")) + timedelta(hours=8)  # Python 3.9 reads no Z
    return f"{found:%Y-%m-%d %H:%M}（北京时间）"


def check_documents(
    manifest: dict[str, Any], files: dict[str, bytes], entries: Chain
) -> tuple[int, set[str]]:
    """How many documents the record names and the bundle holds whole, and those it does not hold."""
    named = {each for entry in entries for each in named_in(json.loads(entry["data"]))}
    held = {sha256(content) for name, content in files.items() if name.startswith("documents/")}
    lost = named - held
    if lost - set(manifest["missing"]):
        raise Wrong(f"缺少材料 {min(lost - set(manifest['missing']))[:16]}…，或其内容已被改动")
    return len(named & held), lost


def check_against(code: str, seal: str, chains: dict[int, Chain], seals: Chain) -> None:
    """A code that was kept elsewhere is in the record."""
    known = [
        seal,
        *(each["hash"] for chain in chains.values() for each in chain),
        *(s["hash"] for s in seals),
    ]
    if len(code) < 16 or not any(each.startswith(code) for each in known):
        raise Wrong(f"所持校验码 {code} 不在本包之中：记录曾被截断或改写，或校验码属于别的项目")


def check(place: Path, against: str) -> None:
    """Check everything, and say what holds; Wrong names the first thing that does not."""
    files = read_all(place)
    seal = sha256(files.get("manifest.json", b""))
    manifest = check_files(files)
    print(f"一、文件：{len(files)} 个，都与清单相符。")
    entries = lines(files["record.jsonl"])
    chains = check_chains(manifest, entries)
    print(f"二、记录：{len(chains)} 个项目、{len(entries)} 条，逐条相连，没有改动、删去、调换。")
    seals = lines(files["seals.jsonl"])
    check_seals(seals, lines(files["heads.jsonl"]), chains)
    print(f"三、封签：{len(seals)} 个，逐个相连；最近一次：{beijing(seals[-1]['at']) if seals else '无'}。")
    number, lost = check_documents(manifest, files, entries)
    print(f"四、材料：{number} 份，都与记录所载的校验码相符。")
    for each in sorted(lost):
        print(f"    注意：材料 {each[:16]}… 在出包时已缺失，清单中已注明。")
    if against:
        check_against(against, seal, chains, seals)
        print(f"五、所持校验码 {against} 在记录之中。")
    print(
        f"本包校验码 {seal}\n全部相符。整体重造的包也能自相符合：请与出包时另记的校验码，或邮件末尾所印的校验码核对。"
    )


def main() -> int:
    """0 if all holds."""
    parser = argparse.ArgumentParser(description="核对审计包")
    parser.add_argument("place", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--against", default="", help="另存的校验码，16位以上")
    options = parser.parse_args()
    try:
        check(options.place, options.against.strip().lower())
    except Wrong as wrong:
        print(f"不符：{wrong}。")
        return 1
    except (OSError, ValueError, LookupError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        print(f"不符：包已损坏，读不了（{error}）。")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
