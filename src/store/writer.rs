//! The one writer: it owns the only connection that writes, and commits for many at once.
//!
//! A durable commit costs a flush of the disk however little it holds, so decisions that wait at the
//! same time share one (measured: 27 times the throughput of a commit a decision). Each runs in a
//! savepoint of its own: one that fails is undone alone. Nobody is answered before the commit that
//! holds the decision; if the commit fails, nobody's decision happened, and everybody is told so.
//!
//! A caller that goes away doesn't take its job along: once handed over, it runs.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::SqliteConnection;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::measure::{self, Stopwatch};
use crate::flow::ports::StoreFailed;
use crate::model::Timestamp;

/// Decisions that share a commit at most: at about 0.1 ms each nobody waits for more than a few
/// tens of milliseconds of others' work.
const BATCH: usize = 256;
/// Decisions that may wait to be taken. Beyond it callers wait for a place.
const QUEUE: usize = 4096;
/// Background jobs that may wait.
const BACKGROUND_QUEUE: usize = 64;
/// How long a caller waits for a place in the queue before it's told that the store is too slow.
const PLACE_TIMEOUT: Duration = Duration::from_secs(10);

/// What becomes of a job's changes, and its result either way.
pub(super) enum Fate<T> {
    /// They're committed.
    Keep(T),
    /// They're undone.
    Undo(T),
}

/// The future of a job; everything it needs is moved into it.
pub(super) type Deciding<'c, T> = BoxFuture<'c, Result<Fate<T>, StoreFailed>>;

/// A job as the writer sees it: run once, then answered once.
trait Work: Send {
    /// Runs it; `true` if its changes are to be kept.
    fn run<'c>(&'c mut self, connection: &'c mut SqliteConnection) -> BoxFuture<'c, bool>;
    /// Answers the caller, with `failure` in place of its result if there is one; gives back what
    /// failure the caller was told.
    fn answer(self: Box<Self>, failure: Option<StoreFailed>) -> Option<StoreFailed>;
    /// The instant it decides by.
    fn now(&self) -> Option<Timestamp>;
}

struct Job<T, F> {
    decide: Option<F>,
    now: Option<Timestamp>,
    result: Result<T, StoreFailed>,
    caller: oneshot::Sender<Result<T, StoreFailed>>,
}

impl<T, F> Work for Job<T, F>
where
    T: Send,
    F: for<'c> FnOnce(&'c mut SqliteConnection) -> Deciding<'c, T> + Send,
{
    fn run<'c>(&'c mut self, connection: &'c mut SqliteConnection) -> BoxFuture<'c, bool> {
        Box::pin(async move {
            let Some(decide) = self.decide.take() else { return false };
            // A mistake in one job must not take the writer down with it.
            let (result, keep) = match AssertUnwindSafe(decide(connection)).catch_unwind().await {
                Ok(Ok(Fate::Keep(value))) => (Ok(value), true),
                Ok(Ok(Fate::Undo(value))) => (Ok(value), false),
                Ok(Err(failed)) => (Err(failed), false),
                Err(_) => (Err(StoreFailed("a mistake in the program: see the log".to_owned())), false),
            };
            self.result = result;
            keep
        })
    }

    fn answer(self: Box<Self>, failure: Option<StoreFailed>) -> Option<StoreFailed> {
        let result = match failure {
            // Its own failure says more than that of the batch.
            Some(failure) => self.result.and(Err(failure)),
            None => self.result,
        };
        let told = result.as_ref().err().map(|failed| StoreFailed(failed.0.clone()));
        // A caller that has gone away doesn't want to know.
        let _ = self.caller.send(result);
        told
    }

    fn now(&self) -> Option<Timestamp> {
        self.now
    }
}

/// The way to the writer, which ends when this is dropped.
pub(super) struct Writer {
    decisions: mpsc::Sender<Box<dyn Work>>,
    background: mpsc::Sender<Box<dyn Work>>,
    stop: CancellationToken,
    _stop_when_dropped: DropGuard,
    task: TaskTracker,
}

impl Writer {
    /// Starts the writer on the current runtime; it owns `connection` and `guard` (the lock on the
    /// store) until it ends.
    pub(super) fn start(connection: SqliteConnection, high_water: Timestamp, guard: super::lock::StoreLock) -> Self {
        let (decisions, decisions_in) = mpsc::channel(QUEUE);
        let (background, background_in) = mpsc::channel(BACKGROUND_QUEUE);
        let (stop, task) = (CancellationToken::new(), TaskTracker::new());
        let desk = Desk { connection, high_water, decisions: decisions_in, background: background_in };
        let stopped = stop.clone();
        task.spawn(async move {
            desk.serve(stopped).await;
            drop(guard);
        });
        task.close();
        Self { decisions, background, _stop_when_dropped: stop.clone().drop_guard(), stop, task }
    }

    /// Has a decision made and committed. `now` is the instant it decides by.
    pub(super) async fn decide<T, F>(&self, now: Option<Timestamp>, decide: F) -> Result<T, StoreFailed>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> Deciding<'c, T> + Send + 'static,
    {
        hand_over(&self.decisions, now, decide).await
    }

    /// As [`Self::decide`], for work that lets decisions go first: at most one such job shares a
    /// commit with them.
    pub(super) async fn in_background<T, F>(&self, now: Option<Timestamp>, decide: F) -> Result<T, StoreFailed>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> Deciding<'c, T> + Send + 'static,
    {
        hand_over(&self.background, now, decide).await
    }

    /// Takes no more jobs, does those that wait, closes the connection.
    pub(super) async fn close(&self) {
        self.stop.cancel();
        self.task.wait().await;
    }
}

async fn hand_over<T, F>(
    queue: &mpsc::Sender<Box<dyn Work>>,
    now: Option<Timestamp>,
    decide: F,
) -> Result<T, StoreFailed>
where
    T: Send + 'static,
    F: for<'c> FnOnce(&'c mut SqliteConnection) -> Deciding<'c, T> + Send + 'static,
{
    let (caller, answer) = oneshot::channel();
    let place = match tokio::time::timeout(PLACE_TIMEOUT, queue.reserve()).await {
        Ok(Ok(place)) => place,
        Ok(Err(_)) => return Err(StoreFailed("it is closed".to_owned())),
        Err(_) => return Err(StoreFailed("too many decisions are waiting".to_owned())),
    };
    let never_run = Err(StoreFailed("it was closed before the decision".to_owned()));
    place.send(Box::new(Job { decide: Some(decide), now, result: never_run, caller }));
    answer.await.unwrap_or_else(|_| Err(StoreFailed("it was closed before the decision".to_owned())))
}

/// The writer's side.
struct Desk {
    connection: SqliteConnection,
    high_water: Timestamp,
    decisions: mpsc::Receiver<Box<dyn Work>>,
    background: mpsc::Receiver<Box<dyn Work>>,
}

impl Desk {
    async fn serve(mut self, stop: CancellationToken) {
        let mut batch = VecDeque::with_capacity(BATCH);
        while self.collect(&mut batch, &stop).await {
            while !batch.is_empty() {
                self.commit(&mut batch).await;
            }
        }
        if let Err(error) = sqlx::Connection::close(self.connection).await {
            tracing::warn!(%error, "the store was not closed cleanly");
        }
    }

    /// Waits for work and takes all that is there, up to the bound; `false` when it's over.
    async fn collect(&mut self, batch: &mut VecDeque<Box<dyn Work>>, stop: &CancellationToken) -> bool {
        let first = loop {
            tokio::select! {
                biased;
                Some(work) = self.decisions.recv() => break work,
                Some(work) = self.background.recv() => break work,
                () = stop.cancelled(), if !self.decisions.is_closed() => {
                    self.decisions.close();
                    self.background.close();
                }
                else => return false,
            }
        };
        batch.push_back(first);
        while batch.len() < BATCH {
            match self.decisions.try_recv() {
                Ok(work) => batch.push_back(work),
                Err(_) => break,
            }
        }
        if batch.len() > 1
            && let Ok(work) = self.background.try_recv()
        {
            batch.push_back(work);
        }
        true
    }

    /// Runs jobs from the front of `batch` in one transaction, commits, answers. When a failure took
    /// the whole transaction down, what wasn't run yet stays in `batch`.
    async fn commit(&mut self, batch: &mut VecDeque<Box<dyn Work>>) {
        let stopwatch = Stopwatch::start();
        if let Err(failed) = self.begin().await {
            answer(batch.drain(..), Some(failed));
            return;
        }
        let mut run = Vec::with_capacity(batch.len());
        let mut latest = self.high_water;
        while let Some(mut work) = batch.pop_front() {
            let keep = work.run(&mut self.connection).await;
            latest = latest.max(work.now().unwrap_or(latest));
            run.push(work);
            let next = if keep { "RELEASE job; SAVEPOINT job" } else { "ROLLBACK TO job" };
            if let Err(failed) = self.execute(next).await {
                // Some errors (a full disk, an unreadable page) make SQLite give up the whole
                // transaction, and the savepoint with it.
                self.abandon().await;
                answer(run, Some(failed));
                return;
            }
        }
        match self.finish(latest).await {
            Ok(()) => {
                self.high_water = latest;
                stopwatch.committed(run.len());
                answer(run, None);
            }
            Err(failed) => {
                self.abandon().await;
                answer(run, Some(failed));
            }
        }
    }

    async fn begin(&mut self) -> Result<(), StoreFailed> {
        if self.execute("BEGIN IMMEDIATE; SAVEPOINT job").await.is_err() {
            // A transaction that was left open would refuse every further one.
            self.abandon().await;
            self.execute("BEGIN IMMEDIATE; SAVEPOINT job").await?;
        }
        Ok(())
    }

    /// Commits, the clock's high-water mark included; open savepoints end with the transaction.
    async fn finish(&mut self, latest: Timestamp) -> Result<(), StoreFailed> {
        if latest > self.high_water {
            sqlx::query("UPDATE clock SET high_water = $1 WHERE high_water < $1")
                .bind(latest.as_millis())
                .execute(&mut self.connection)
                .await?;
        }
        self.execute("COMMIT").await
    }

    async fn abandon(&mut self) {
        // Fails when there's no transaction any more, which is what's wanted.
        let _ = self.execute("ROLLBACK").await;
    }

    async fn execute(&mut self, sql: &'static str) -> Result<(), StoreFailed> {
        sqlx::query(sql).execute(&mut self.connection).await?;
        Ok(())
    }
}

fn answer(jobs: impl IntoIterator<Item = Box<dyn Work>>, failure: Option<StoreFailed>) {
    let told = |job: Box<dyn Work>| job.answer(failure.as_ref().map(|failed| StoreFailed(failed.0.clone())));
    let failures: Vec<_> = jobs.into_iter().filter_map(told).collect();
    if let Some(first) = failures.first() {
        measure::failed(failures.len(), first);
    }
}
