//! One processor for the two threads that write.
//!
//! The engine runs every statement on a thread of its own, and the writer waits for it: the two only
//! take turns. On two processors each turn wakes one that has fallen asleep meanwhile, which takes
//! longer than most statements do, on virtual machines above all (measured on one with two
//! processors: a wrong code took three times as long). On one processor there's nobody to wake, and
//! nothing is lost, since never more than one of the two has anything to do. The kernel moves other
//! threads out of their way.

use std::io;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use tokio::sync::oneshot;

/// A processor of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Processor(usize);

impl Processor {
    /// The one that the calling thread runs on just now.
    pub(super) fn current() -> Self {
        #[cfg(target_os = "linux")]
        return Self(rustix::thread::sched_getcpu());
        #[cfg(not(target_os = "linux"))]
        Self(0)
    }

    /// Keeps the calling thread on it, and those that it starts from now on. Where that isn't allowed,
    /// all goes on as before, only slower.
    pub(super) fn keep(self) {
        #[cfg(target_os = "linux")]
        if self.0 < rustix::thread::CpuSet::MAX_CPU {
            let mut only = rustix::thread::CpuSet::new();
            only.set(self.0);
            if let Err(error) = rustix::thread::sched_setaffinity(None, &only) {
                tracing::debug!(%error, "the store's threads may run on different processors");
            }
        }
    }

    /// Opens a connection whose statements run on this processor.
    pub(super) async fn connect(self, options: SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
        let (tell, told) = oneshot::channel();
        // The engine's thread is started by the one that connects, and stays where that was kept; so
        // it's one that ends.
        std::thread::Builder::new().name("store-opening".to_owned()).spawn(move || {
            self.keep();
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            let connected = match runtime {
                Ok(runtime) => runtime.block_on(options.connect()),
                Err(error) => Err(error.into()),
            };
            // Whoever opens the store may have gone away.
            let _ = tell.send(connected);
        })?;
        told.await.unwrap_or_else(|_| Err(io::Error::other("connecting ended early").into()))
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;

    /// Where each thread of this process with that name may run, as the kernel tells it.
    fn allowed(thread: &str) -> Vec<String> {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let status = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
        let of = |status: &str, key: &str| {
            status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default().trim().to_owned()
        };
        let all = tasks.map(|task| status(task.unwrap()));
        all.filter(|status| of(status, "Name:") == thread).map(|status| of(&status, "Cpus_allowed_list:")).collect()
    }

    #[tokio::test]
    async fn statements_run_on_the_processor_and_nothing_else_is_kept_there() {
        let here = rustix::thread::sched_getaffinity(None).unwrap();
        let processor = Processor::current();
        let options = SqliteConnectOptions::new().in_memory(true).thread_name(|_| "kept".to_owned());
        let mut connection = processor.connect(options).await.unwrap();
        let (one,): (i64,) = sqlx::query_as("SELECT 1").fetch_one(&mut connection).await.unwrap();
        assert_eq!((one, allowed("kept")), (1, vec![processor.0.to_string()]));
        assert_eq!(rustix::thread::sched_getaffinity(None).unwrap(), here);
    }
}
