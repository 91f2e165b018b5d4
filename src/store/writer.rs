//! The one writer: it owns the only connection that writes, and commits for many at once.
//!
//! A durable commit costs a flush of the disk however little it holds, so decisions that wait at the
//! same time share one (measured: 27 times the throughput of a commit a decision). Nobody is answered
//! before the commit that holds the decision; if the commit fails, nobody's decision happened, and
//! everybody is told so.
//!
//! Failing is rare, so a batch first runs without savepoints, which would cost every decision another
//! way to the engine's thread and back. When one fails, all are rolled back and run again, each in a
//! savepoint of its own: then the one that fails is undone alone.
//!
//! A caller that goes away doesn't take its job along: once handed over, it runs.

use std::collections::VecDeque;
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::SqliteConnection;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::measure::{self, Stopwatch};
use super::processor::Processor;
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

/// The future of a job.
pub(super) type Deciding<'c, T> = BoxFuture<'c, Result<Fate<T>, StoreFailed>>;

/// A job: what it's given is shared, since it may be run a second time after a rollback.
pub(super) type Decide<I, T> = for<'c> fn(&'c mut SqliteConnection, Arc<I>) -> Deciding<'c, T>;

/// A job as the writer sees it: run, perhaps again, then answered once.
trait Work: Send {
    /// Runs it; `true` if its changes are to be kept.
    fn run<'c>(&'c mut self, connection: &'c mut SqliteConnection) -> BoxFuture<'c, bool>;
    /// Answers the caller, with `failure` in place of its result if there is one; gives back what
    /// failure the caller was told.
    fn answer(self: Box<Self>, failure: Option<StoreFailed>) -> Option<StoreFailed>;
    /// The instant it decides by.
    fn now(&self) -> Option<Timestamp>;
}

struct Job<I, T> {
    decide: Decide<I, T>,
    given: Arc<I>,
    now: Option<Timestamp>,
    result: Result<T, StoreFailed>,
    caller: oneshot::Sender<Result<T, StoreFailed>>,
}

impl<I: Send + Sync, T: Send> Work for Job<I, T> {
    fn run<'c>(&'c mut self, connection: &'c mut SqliteConnection) -> BoxFuture<'c, bool> {
        Box::pin(async move {
            // A mistake in one job must not take the writer down with it.
            let deciding = AssertUnwindSafe((self.decide)(connection, Arc::clone(&self.given))).catch_unwind();
            let (result, keep) = match deciding.await {
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
    stopped: CancellationToken,
    _stop_when_dropped: DropGuard,
}

impl Writer {
    /// Starts the writer on a thread of its own, kept on `processor`: it answers to no runtime's end,
    /// and nobody's work on the proxy delays a commit. It owns `connection` and `guard` (the lock on the
    /// store) until it ends.
    pub(super) fn start(
        connection: SqliteConnection,
        processor: Processor,
        high_water: Timestamp,
        guard: super::lock::StoreLock,
    ) -> io::Result<Self> {
        let (decisions, decisions_in) = mpsc::channel(QUEUE);
        let (background, background_in) = mpsc::channel(BACKGROUND_QUEUE);
        let (stop, stopped) = (CancellationToken::new(), CancellationToken::new());
        let desk = Desk { connection, high_water, decisions: decisions_in, background: background_in };
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let (asked, ended) = (stop.clone(), stopped.clone().drop_guard());
        std::thread::Builder::new().name("store".to_owned()).spawn(move || {
            processor.keep();
            runtime.block_on(desk.serve(asked));
            drop(guard);
            drop(ended);
        })?;
        Ok(Self { decisions, background, _stop_when_dropped: stop.clone().drop_guard(), stop, stopped })
    }

    /// Has a decision made and committed. `now` is the instant it decides by.
    pub(super) async fn decide<I, T>(
        &self,
        now: Option<Timestamp>,
        given: I,
        decide: Decide<I, T>,
    ) -> Result<T, StoreFailed>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        hand_over(&self.decisions, now, given, decide).await
    }

    /// As [`Self::decide`], for work that lets decisions go first: at most one such job shares a
    /// commit with them.
    pub(super) async fn in_background<I, T>(
        &self,
        now: Option<Timestamp>,
        given: I,
        decide: Decide<I, T>,
    ) -> Result<T, StoreFailed>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        hand_over(&self.background, now, given, decide).await
    }

    /// Takes no more jobs, does those that wait, closes the connection.
    pub(super) async fn close(&self) {
        self.stop.cancel();
        self.stopped.cancelled().await;
    }
}

async fn hand_over<I, T>(
    queue: &mpsc::Sender<Box<dyn Work>>,
    now: Option<Timestamp>,
    given: I,
    decide: Decide<I, T>,
) -> Result<T, StoreFailed>
where
    I: Send + Sync + 'static,
    T: Send + 'static,
{
    let (caller, answer) = oneshot::channel();
    let place = match tokio::time::timeout(PLACE_TIMEOUT, queue.reserve()).await {
        Ok(Ok(place)) => place,
        Ok(Err(_)) => return Err(StoreFailed("it is closed".to_owned())),
        Err(_) => return Err(StoreFailed("too many decisions are waiting".to_owned())),
    };
    let never_run = Err(StoreFailed("it was closed before the decision".to_owned()));
    place.send(Box::new(Job { decide, given: Arc::new(given), now, result: never_run, caller }));
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
        self.take_waiting(batch);
        if batch.len() > 1
            && let Ok(work) = self.background.try_recv()
        {
            batch.push_back(work);
        }
        true
    }

    /// Takes the decisions that wait now, up to the bound.
    fn take_waiting(&mut self, batch: &mut VecDeque<Box<dyn Work>>) {
        while batch.len() < BATCH
            && let Ok(work) = self.decisions.try_recv()
        {
            batch.push_back(work);
        }
    }

    /// Runs the jobs of `batch` in one transaction, commits, answers. Whoever comes while others run
    /// still joins: those just answered come back while the next ones run, and would else make up
    /// every other commit, each half as large. When a failure takes a whole transaction down, what
    /// wasn't run yet stays in `batch`.
    async fn commit(&mut self, batch: &mut VecDeque<Box<dyn Work>>) {
        let stopwatch = Stopwatch::start();
        if let Err(failed) = self.begin().await {
            answer(batch.drain(..), Some(failed));
            return;
        }
        let mut run = 0;
        while let Some(work) = batch.get_mut(run) {
            if !work.run(&mut self.connection).await {
                self.abandon().await;
                if batch.len() == 1 {
                    answer(batch.drain(..), None);
                } else {
                    self.commit_carefully(batch, stopwatch).await;
                }
                return;
            }
            run += 1;
            self.take_waiting(batch);
        }
        let run = std::mem::take(batch).into();
        self.finish(run, stopwatch).await;
    }

    /// The same once more, each job in a savepoint.
    async fn commit_carefully(&mut self, batch: &mut VecDeque<Box<dyn Work>>, stopwatch: Stopwatch) {
        if let Err(failed) = self.begin().await {
            answer(batch.drain(..), Some(failed));
            return;
        }
        let mut run = Vec::with_capacity(batch.len());
        if let Err(failed) = self.execute("SAVEPOINT job").await {
            self.abandon().await;
            answer(batch.drain(..), Some(failed));
            return;
        }
        while let Some(mut work) = batch.pop_front() {
            let keep = work.run(&mut self.connection).await;
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
        self.finish(run, stopwatch).await;
    }

    async fn begin(&mut self) -> Result<(), StoreFailed> {
        if self.execute("BEGIN IMMEDIATE").await.is_err() {
            // A transaction that was left open would refuse every further one.
            self.abandon().await;
            self.execute("BEGIN IMMEDIATE").await?;
        }
        Ok(())
    }

    /// Commits what was run, and answers.
    async fn finish(&mut self, run: Vec<Box<dyn Work>>, stopwatch: Stopwatch) {
        let latest = run.iter().filter_map(|work| work.now()).fold(self.high_water, Timestamp::max);
        match self.commit_until(latest).await {
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

    /// Commits, the clock's high-water mark included; open savepoints end with the transaction.
    async fn commit_until(&mut self, latest: Timestamp) -> Result<(), StoreFailed> {
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures_util::future::join_all;
    use sqlx::ConnectOptions;
    use tokio::sync::Notify;

    use super::super::lock::StoreLock;
    use super::super::open;
    use super::*;

    async fn writer(folder: &tempfile::TempDir) -> Writer {
        let path = folder.path().join("writer.db");
        let mut connection = open::options(&path).create_if_missing(true).connect().await.unwrap();
        let schema = "CREATE TABLE clock (high_water); INSERT INTO clock VALUES (0); CREATE TABLE noted (word UNIQUE)";
        sqlx::raw_sql(schema).execute(&mut connection).await.unwrap();
        let guard = StoreLock::take(&path).unwrap_or_else(|_| panic!("locked"));
        Writer::start(connection, Processor::current(), Timestamp::from_millis(0), guard).unwrap()
    }

    fn note(connection: &mut SqliteConnection, word: Arc<String>) -> Deciding<'_, ()> {
        Box::pin(async move {
            sqlx::query("INSERT INTO noted VALUES ($1)").bind(word.as_str()).execute(connection).await?;
            match word.as_str() {
                "panics" => panic!("on purpose"),
                "undone" => Ok(Fate::Undo(())),
                "fails" => Err(StoreFailed("on purpose".to_owned())),
                _ => Ok(Fate::Keep(())),
            }
        })
    }

    fn noted(connection: &mut SqliteConnection, _: Arc<()>) -> Deciding<'_, Vec<String>> {
        Box::pin(async move {
            let words = sqlx::query_scalar("SELECT word FROM noted ORDER BY word").fetch_all(connection).await?;
            Ok(Fate::Keep(words))
        })
    }

    #[tokio::test]
    async fn a_job_that_panics_fails_or_is_undone_harms_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder).await;
        let words = ["a", "panics", "b", "undone", "c", "a", "d", "fails"];
        let outcomes = join_all(words.map(|word| writer.decide(None, word.to_owned(), note))).await;
        let kept: Vec<_> = outcomes.iter().map(Result::is_ok).collect();
        assert_eq!(kept, [true, false, true, true, true, false, true, false]);
        assert_eq!(writer.decide(None, (), noted).await.unwrap(), ["a", "b", "c", "d"]);
        assert!(writer.decide(None, "panics".to_owned(), note).await.is_err(), "alone too");
        writer.close().await;
        assert!(writer.decide(None, (), noted).await.is_err());
    }

    fn give_up(connection: &mut SqliteConnection, _: Arc<()>) -> Deciding<'_, ()> {
        Box::pin(async move {
            sqlx::query("ROLLBACK").execute(connection).await?;
            Err(StoreFailed("the transaction is gone".to_owned()))
        })
    }

    /// As SQLite does when a disk is full: what went before in the transaction is lost, and told so.
    #[tokio::test]
    async fn nothing_is_acknowledged_when_the_transaction_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder).await;
        let (a, gone, b) = tokio::join!(
            writer.decide(None, "a".to_owned(), note),
            writer.decide(None, (), give_up),
            writer.decide(None, "b".to_owned(), note)
        );
        assert!(gone.is_err());
        let expected: Vec<_> =
            [("a", a), ("b", b)].into_iter().filter(|(_, done)| done.is_ok()).map(|(w, _)| w).collect();
        assert_eq!(writer.decide(None, (), noted).await.unwrap(), expected);
    }

    /// Runs of a job, the first of which lasts until it's told to go on.
    #[derive(Default)]
    struct Lasting {
        runs: AtomicU32,
        running: Notify,
        go_on: Notify,
    }

    fn last(connection: &mut SqliteConnection, given: Arc<(Arc<Lasting>,)>) -> Deciding<'_, ()> {
        Box::pin(async move {
            sqlx::query("INSERT INTO noted VALUES ('lasting')").execute(connection).await?;
            if given.0.runs.fetch_add(1, Ordering::Relaxed) == 0 {
                given.0.running.notify_one();
                given.0.go_on.notified().await;
            }
            Ok(Fate::Keep(()))
        })
    }

    /// That it shared the commit shows by the other's second run, after the one that joined was undone.
    #[tokio::test]
    async fn who_comes_while_others_run_joins_them_and_can_not_harm_them() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer(&folder).await;
        let lasting = Arc::new(Lasting::default());
        let joins = async {
            lasting.running.notified().await;
            let fails = writer.decide(None, "fails".to_owned(), note);
            let go_on = async { lasting.go_on.notify_one() };
            tokio::join!(biased; fails, go_on).0
        };
        let (lasted, failed) = tokio::join!(writer.decide(None, (Arc::clone(&lasting),), last), joins);
        assert!(lasted.is_ok() && failed.is_err());
        assert_eq!(lasting.runs.load(Ordering::Relaxed), 2);
        assert_eq!(writer.decide(None, (), noted).await.unwrap(), ["lasting"]);
    }
}
