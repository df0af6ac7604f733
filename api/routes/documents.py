"""Papers: uploading a version, registering one without upload, and giving files out again."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter
from msgspec import Struct
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api import uploads
from api.answers import Answer, Done, answers, gives_file
from api.desk import AtDesk
from api.schemas import RegistrationBody
from api.security import read_form
from workflow.actions import documents
from workflow.errors import Invalid, reason
from workflow.queries.stored import stored_file
from workflow.rules import as_written

router = APIRouter(prefix="/api", tags=["材料"])

_DAY = TypeAdapter(date)

UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "number": {"type": "string"},
                        "issued_on": {"type": "string", "format": "date"},
                        "issuer": {"type": "string"},
                    },
                }
            }
        },
    }
}
"""Declared by hand, because the form is parsed only once it is known who sends it."""


class Uploaded(Struct, frozen=True):
    """A file is on disk; a command that needs a scan names it by this ticket, within a day."""

    sha256: str
    name: str
    size: int
    media: str
    ticket: str


@router.post("/files", openapi_extra=UPLOAD, **answers(Uploaded, 413, status=201))
async def upload_file(request: Request, desk: AtDesk) -> Answer:
    """Store the scan of a reply or of a signed sheet, for a command that follows."""
    file = await uploads.receive(request)
    ticket = request.app.state.tickets.issue(file, desk.visitor.id, desk.now)
    return Answer(Uploaded(file.sha256, file.name, file.size, file.media, ticket), 201)


@router.post(
    "/projects/{ref}/documents/{document}/versions",
    openapi_extra=UPLOAD,
    **answers(Done, 404, 409, 413, status=201),
)
async def upload(request: Request, desk: AtDesk, ref: str, document: str) -> Answer:
    """Add a version of a paper."""
    file = await uploads.receive(request)
    values = await _particulars(request)
    done = await desk.run(documents.upload_document, ref=ref, document=document, file=file, **values)
    return Answer(Done(done), 201)


@router.post("/projects/{ref}/documents/{document}/registrations", **answers(Done, 404, 409, status=201))
async def register(desk: AtDesk, ref: str, document: str, body: RegistrationBody) -> Answer:
    """Register a paper without upload (仅登记不上传)."""
    done = await desk.run(documents.register_document, ref=ref, document=document, **body.model_dump())
    return Answer(Done(done), 201)


@router.get("/projects/{ref}/files/{sha256}", **gives_file(404))
async def download(request: Request, desk: AtDesk, ref: str, sha256: str) -> Response:
    """A file of the project, to keep."""
    stored = await desk.ask(stored_file, ref=ref, digest=sha256)
    return await uploads.download(request, stored)


@router.get("/projects/{ref}/files/{sha256}/preview", **gives_file(404))
async def preview(request: Request, desk: AtDesk, ref: str, sha256: str) -> Response:
    """A file of the project, shown inside our own page."""
    stored = await desk.ask(stored_file, ref=ref, digest=sha256)
    return await uploads.preview(request, stored)


async def _particulars(request: Request) -> dict[str, Any]:
    """Number, day and issuer as the form says them."""
    form = await read_form(request)
    known = {
        key: value for key in ("number", "issued_on", "issuer") if isinstance(value := form.get(key), str)
    }
    day, number = known.pop("issued_on", ""), as_written(known.pop("number", ""))
    try:
        return {**known, "number": number, "issued_on": _DAY.validate_python(day) if day else None}
    except ValidationError:
        raise Invalid(
            reason("field-invalid", "issued_on", field="issued_on", why="应为日期，如2026-09-18")
        ) from None
