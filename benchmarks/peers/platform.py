"""What a team would put under such a service: FastAPI, SQLAlchemy 2 on asyncpg with a pool, tokens checked, uvicorn."""

import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import httpx
import jwt
import uvicorn
from baqylau_infra import ports
from baqylau_infra.database import Access
from baqylau_infra.process import Process
from baqylau_infra.system import System
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

AUDIENCE = "non-confidential"
POOL = 16
TOKENS = 1000

_bearer = HTTPBearer()


class Tables(DeclarativeBase):
    """The peers' tables."""


class Tokens:
    """Verifies tokens against a key set that was read once."""

    def __init__(self, file: Path) -> None:
        keys = json.loads(file.read_text())["keys"]
        self._keys = {key["kid"]: jwt.PyJWK(key).key for key in keys if key["aud"] == AUDIENCE}
        self._verified: dict[str, dict[str, Any]] = {}

    def claims(self, token: str) -> dict[str, Any]:
        """The claims of a valid token; one that was verified before is known. Raises `HTTPException` 401."""
        known = self._verified.get(token)
        if known is not None and known["exp"] > time.time():
            return known
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            claims: dict[str, Any] = jwt.decode(
                token, key, algorithms=["ES256"], audience=AUDIENCE, options={"require": ["exp", "aud", "sub"]}
            )
        except (jwt.PyJWTError, KeyError):
            raise HTTPException(401, "The token isn't valid.") from None
        if len(self._verified) > TOKENS:
            self._verified.clear()
        self._verified[token] = claims
        return claims


def role(*names: str) -> Callable[..., Awaitable[dict[str, Any]]]:
    """A dependency: the claims of a caller who has one of these roles."""

    async def permitted(
        request: Request, credentials: Annotated[HTTPAuthorizationCredentials, Depends(_bearer)]
    ) -> dict[str, Any]:
        claims: dict[str, Any] = request.app.state.tokens.claims(credentials.credentials)
        if not set(names) & set(claims["roles"]):
            raise HTTPException(403, "Another role is needed.")
        return claims

    return permitted


async def _session(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(_session)]


def units_of(claims: Mapping[str, Any]) -> set[UUID]:
    """The units that a token is for."""
    return {UUID(unit) for unit in claims["units"]}


def create_app(router: APIRouter) -> FastAPI:
    """The app on the database that the environment names. It makes its tables."""
    engine: AsyncEngine = create_async_engine(
        URL.create(
            "postgresql+asyncpg",
            username=os.environ["PEER_USER"],
            password=os.environ["PEER_PASSWORD"],
            database=os.environ["PEER_DBNAME"],
            query={"host": os.environ["PEER_HOST"], "port": os.environ["PEER_DBPORT"]},
        ),
        pool_size=POOL,
        max_overflow=0,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with engine.begin() as connection:
            await connection.run_sync(Tables.metadata.create_all)
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)
    app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
    app.state.tokens = Tokens(Path(os.environ["PEER_JWKS"]))
    app.include_router(router)

    @app.get("/ready")
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    return app


def serve(router: APIRouter) -> None:
    """Serve until SIGTERM."""
    port = int(sys.argv[1])
    uvicorn.run(create_app(router), port=port, loop="uvloop", http="httptools", access_log=False, log_level="warning")


@contextmanager
def running(system: System, *peers: str) -> Iterator[Sequence[str]]:
    """Run peers of `benchmarks.peers` on one database of their own, on the system's server. Gives their base URLs."""
    access = system.database.create("peer")
    with ExitStack() as stack:
        yield [stack.enter_context(_running(system, peer, access)) for peer in peers]


@contextmanager
def _running(system: System, peer: str, access: Access) -> Iterator[str]:
    port = ports.free()
    url = f"http://{ports.HOST}:{port}"
    process = Process(
        f"peer-{peer}",
        [sys.executable, "-m", f"benchmarks.peers.{peer}", str(port)],
        log=system.folder / "logs" / f"peer-{peer}.log",
        ready=partial(_is_ready, url),
        environment={
            **os.environ,
            "PEER_HOST": access.host,
            "PEER_DBPORT": str(access.port),
            "PEER_USER": access.user,
            "PEER_PASSWORD": access.password,
            "PEER_DBNAME": access.dbname,
            "PEER_JWKS": str(system.keys.jwks_file),
        },
    )
    process.start()
    try:
        process.wait_until_ready()
        yield url
    finally:
        process.stop()


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/ready", timeout=2).is_success
    except httpx.TransportError:
        return False
