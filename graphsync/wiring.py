"""Puts the edges together and hands them to the engine; the only module that constructs any of them."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from flask import Flask

from graphsync import settings as configured
from graphsync.clock import Clock, SteppedClock, SystemClock
from graphsync.engine.asking import Asking
from graphsync.engine.context import Context
from graphsync.engine.explain import Explanation, explain_named
from graphsync.engine.loop import Engine
from graphsync.engine.orders import Ordered, Orders
from graphsync.engine.overview import Listed, overview
from graphsync.engine.ports import Graph
from graphsync.engine.preview import Preview, preview
from graphsync.engine.recorded import recorded
from graphsync.engine.rehearsal import Plan, rehearse
from graphsync.engine.replay import Replayed, replay
from graphsync.errors import ConfigError, Problem
from graphsync.graph.client import GraphClient, GraphConnection
from graphsync.graph.credentials import ClientCertificate, ClientSecret
from graphsync.graph.read_only import read_only
from graphsync.jobs import EngineThread, SteppedThread
from graphsync.rules.checking import gathered
from graphsync.rules.config import Config, FileNames
from graphsync.rules.deployment import Tenant
from graphsync.rules.mentorship_lines import Rewritten, rewritten
from graphsync.settings import CONFIG, Settings, load_pairs, load_rules, load_settings, load_tenant
from graphsync.store import open_copy, open_store
from graphsync.watching import ConfigWatch
from graphsync.web.answers import answers_blueprint
from graphsync.web.app import create_app
from graphsync.web.intake import Intake, StoreForNotifications
from graphsync.web.links import SignedLinks
from graphsync.web.receiver import receiver_paths
from graphsync.web.server import at_worker_end, serve

BUSY_TIMEOUT = timedelta(seconds=2)
"""Less than the receiver may take to answer: a database that is locked is a 503 in time, which Graph sends again."""

FACTORY = "graphsync.wiring:service_app"


def run_service(directory: Path) -> None:
    """Serve until SIGTERM: the receiver and the engine in one process.

    Raises:
        ConfigError: the configuration is wrong; nothing was started.
    """
    settings = load_settings(os.environ, directory)
    _ = settings.credential  # a missing one is told before anything starts
    os.environ[CONFIG] = str(directory)
    host, _, port = settings.config.deployment.service.listen.rpartition(":")
    serve(
        FACTORY,
        address=host,
        port=int(port),
        certificate=settings.tls_certificate_file,
        key=settings.tls_key_file,
    )


def service_app() -> Flask:
    """Return the receiver's application with the engine running beside it; called in the worker that serves."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for noisy in ("httpx", "apscheduler", "msal", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    settings = load_settings(os.environ, Path(os.environ[CONFIG]))
    stepped = SteppedClock(datetime.fromtimestamp(0, UTC)) if settings.steps is not None else None
    clock: Clock = stepped or SystemClock()
    store = open_store(settings.config.deployment.service.database, clock, busy_timeout=BUSY_TIMEOUT)
    at_worker_end(store.close)
    store.take_over()
    graph = client_of(settings, clock)
    at_worker_end(graph.close)
    public_url = settings.config.deployment.service.public_url.rstrip("/")
    links = SignedLinks(store.link_key, public_url, clock)
    engine = Engine(
        context=Context(
            store=store,
            graph=graph,
            clock=clock,
            config=settings.config,
            notification_url=public_url + receiver_paths("")[0],
            links=links,
        )
    )
    if stepped is not None and settings.steps is not None:
        thread: EngineThread | SteppedThread = SteppedThread(engine.run, stepped, settings.steps)
    else:
        thread = EngineThread(engine.run)
    intake = Intake(StoreForNotifications(store), clock, on_marked=thread.wake)
    intake.start()
    at_worker_end(intake.stop)
    thread.start()
    at_worker_end(thread.stop)
    asking = Asking(engine.context)
    answers = answers_blueprint(store, links, clock, on_marked=thread.wake, ask=asking.ask)
    if stepped is not None:
        return create_app(intake=intake, clock=clock, answers=answers)

    def offer(config: Config) -> None:
        engine.offer(config)
        thread.wake()

    watched = ConfigWatch(
        settings.directory, settings.config, lambda: load_settings(os.environ, settings.directory).config, offer, clock
    )
    watched.start()
    at_worker_end(watched.stop)
    return create_app(intake=intake, clock=clock, answers=answers, configured=lambda: watched.standing)


def plan_now(directory: Path) -> Plan:
    """Return what one round would do now; nothing is written, to Graph or to the database.

    Raises:
        ConfigError: the configuration is wrong.
        StoreUnavailable: the database cannot be read.
        GraphError: the tenant cannot be read.
    """
    settings = load_settings(os.environ, directory)
    now = SystemClock().now()
    at_one_instant = SteppedClock(now)
    store = open_copy(settings.config.deployment.service.database, at_one_instant)
    store.take_over()
    graph = client_of(settings, SystemClock())
    try:
        context = Context(
            store=store, graph=read_only(graph), clock=at_one_instant, config=settings.config, notification_url=""
        )
        return rehearse(context)
    finally:
        graph.close()
        store.close()


def preview_now(directory: Path, pairs_file: Path) -> Preview:
    """Return a first look at the pairs of a file; Graph is only read, and nothing is stored.

    Args:
        directory: of the configuration; of `graphsync.yaml` the section `tenant` alone is needed.
        pairs_file: who is with whom, as in `mentorships.csv`.

    Raises:
        ConfigError: the tenant is not configured, or the file is wrong; every problem is listed.
        GraphError: the tenant cannot be read.
    """
    problems: list[Problem] = []
    tenant = gathered(lambda: load_tenant(os.environ, directory), problems)
    rows = gathered(lambda: load_pairs(pairs_file), problems)
    if tenant is None or rows is None:
        raise ConfigError(problems)
    clock = SystemClock()
    graph = graph_client(tenant.tenant, tenant.proof, tenant.ca_file, clock)
    try:
        return preview(read_only(graph), rows, tenant.tenant.default_time_zone, clock.now())
    finally:
        graph.close()


def explain_one(directory: Path, named: str, at: datetime | None) -> Explanation:
    """Return why a mentorship, or an action, is as it is; the look is kept in the audit.

    Args:
        directory: of the configuration.
        named: a mentorship's id, an action's key, or the addresses of the two with a comma between.
        at: when; None for now.

    Raises:
        ConfigError: the configuration is wrong.
        NotKnown: there is no such mentorship, or nothing is kept of it so far back.
    """
    settings = load_settings(os.environ, directory)
    now = SystemClock().now()
    store = open_store(settings.config.deployment.service.database, SystemClock())
    try:
        with store.transaction() as ledger:
            return explain_named(ledger, settings.config, named, at, now)
    finally:
        store.close()


def replay_span(directory: Path, since: datetime, until: datetime, rules_file: Path | None) -> Replayed:
    """Return how rules differ from what was decided in a span.

    Args:
        directory: of the configuration.
        since: the beginning.
        until: the end, excluded.
        rules_file: the rules to be tried; None for those in force.

    Raises:
        ConfigError: the configuration, or the rules to be tried, are wrong.
    """
    settings = load_settings(os.environ, directory)
    rules = settings.config.rules if rules_file is None else load_rules(rules_file, settings.config)
    store = open_store(settings.config.deployment.service.database, SystemClock())
    try:
        with store.transaction() as ledger:
            decisions = recorded(ledger, since=since, until=until)
    finally:
        store.close()
    return Replayed(decisions=len(decisions), differences=tuple(replay(decisions, rules, until=until)))


def list_mentorships(directory: Path) -> list[Listed]:
    """Return how all mentorships stand; the looks are kept in the audit.

    Raises:
        ConfigError: the configuration is wrong.
    """
    settings = load_settings(os.environ, directory)
    now = SystemClock().now()
    store = open_store(settings.config.deployment.service.database, SystemClock())
    try:
        with store.transaction() as ledger:
            return overview(ledger, settings.config, now)
    finally:
        store.close()


def give_order(directory: Path, order: Callable[[Orders], Ordered]) -> tuple[Ordered, Rewritten]:
    """Return what an order came to, and the line by which the mentorships file would say the same.

    The order is written to the database the service works on. Graph is only read, and only if the order needs it.

    Args:
        directory: of the configuration.
        order: gives the order.

    Raises:
        ConfigError: the configuration is wrong.
        NotKnown: what is named is not known.
        OrderRefused: what is ordered cannot be.
    """
    settings = load_settings(os.environ, directory)
    text = (directory / FileNames().mentorships).read_text(encoding="utf-8")
    store = open_store(settings.config.deployment.service.database, SystemClock())
    graph = _WhenAsked(settings)
    try:
        context = Context(
            store=store,
            graph=read_only(cast("Graph", graph)),
            clock=SystemClock(),
            config=settings.config,
            notification_url="",
        )
        ordered = order(Orders(context))
    finally:
        graph.end()
        store.close()
    return ordered, rewritten(text, ordered.line, ordered.cells)


class _WhenAsked:
    """The tenant's Graph, connected to at the first call: most orders need none, nor a credential for it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: GraphClient | None = None

    def __getattr__(self, name: str) -> Any:
        if self._client is None:
            self._client = client_of(self._settings, SystemClock())
        return getattr(self._client, name)

    def end(self) -> None:
        """Close the connection, if there is one."""
        if self._client is not None:
            self._client.close()


def client_of(settings: Settings, clock: Clock) -> GraphClient:
    """Return a client of the Graph that the service works with."""
    tenant = settings.config.deployment.tenant
    return graph_client(tenant, settings.credential, settings.ca_file, clock, stepped=settings.steps is not None)


def graph_client(
    tenant: Tenant, credential: configured.Credential, ca_file: Path | None, clock: Clock, *, stepped: bool = False
) -> GraphClient:
    """Return a client of a tenant's Graph; where time is stepped, waiting between attempts takes none."""
    proof = (
        ClientSecret(secret=credential.secret)
        if isinstance(credential, configured.ClientSecret)
        else ClientCertificate(pem=credential.pem)
    )
    connection = GraphConnection(
        authority=f"{tenant.authority}/{tenant.id}",
        client_id=tenant.client_id,
        credential=proof,
        graph_url=tenant.graph_url,
        ca_file=ca_file,
    )
    return GraphClient(connection, clock=clock, sleep=_no_time if stepped else asyncio.sleep)


async def _no_time(_seconds: float) -> None:
    """Let other coroutines run; virtual time does not pass by waiting."""
    await asyncio.sleep(0)
