"""Files in and out, in pieces: no more of one than a piece is ever held in memory."""

import asyncio
import hashlib
import re
from base64 import b64encode
from contextlib import suppress
from uuid import UUID

import psycopg
from fastapi import HTTPException, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from registry.application import Received
from registry.projections.content import PIECE_BYTES, Contents

MAX_BYTES = 64 * 1024 * 1024
UPLOAD_SECONDS = 3600
_ANY = "application/octet-stream"
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}", re.ASCII)


async def receive(request: Request, contents: Contents) -> Received:
    """Store the request's body as an upload. What isn't made a content is to be ended by `contents.end`.

    Raises HTTPException 413 above 64 MiB, 400 after an hour or where the caller went away; nothing stays then.
    """
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > MAX_BYTES:
        raise _too_large()
    upload_id = await run_in_threadpool(contents.begin)
    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            digest, size, number, piece = hashlib.sha256(), 0, 0, bytearray()
            async for chunk in request.stream():
                size += len(chunk)
                if size > MAX_BYTES:
                    raise _too_large()
                digest.update(chunk)
                piece += chunk
                if len(piece) >= PIECE_BYTES:
                    await run_in_threadpool(contents.add, upload_id, number, bytes(piece))
                    number += 1
                    piece.clear()
            if piece:
                await run_in_threadpool(contents.add, upload_id, number, bytes(piece))
    except BaseException as error:
        await end(contents, upload_id)
        match error:
            case ClientDisconnect():
                raise HTTPException(400, "The body ended before its end.") from None
            case TimeoutError():
                raise HTTPException(400, f"An upload lasts at most {UPLOAD_SECONDS} seconds.") from None
        raise
    # The command's fingerprint is taken over the body. This one is gone by now, and its digest says as much.
    request._body = digest.digest()
    media_type = request.headers.get("content-type", _ANY).partition(";")[0].strip()
    return Received(upload_id, digest.hexdigest(), size, media_type if _MEDIA_TYPE.fullmatch(media_type) else _ANY)


async def end(contents: Contents, upload_id: UUID) -> None:
    """Delete an upload that became no content. Where the database is away, a later upload does it."""
    with suppress(psycopg.Error):
        await run_in_threadpool(contents.end, upload_id)


def send(contents: Contents, content: Received) -> StreamingResponse:
    """The file, as a download that no browser interprets. `Repr-Digest`: RFC 9530."""
    headers = {
        "Content-Length": str(content.size),
        "Content-Disposition": "attachment",
        "X-Content-Type-Options": "nosniff",
        "Repr-Digest": f"sha-256=:{b64encode(bytes.fromhex(content.sha256)).decode()}:",
    }
    return StreamingResponse(contents.pieces(content.upload_id), headers=headers, media_type=content.media_type)


def _too_large() -> HTTPException:
    return HTTPException(413, f"A content is at most {MAX_BYTES} bytes.")
