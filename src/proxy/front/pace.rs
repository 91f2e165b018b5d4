use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::refusal::TooSlow;

/// The least that a client has to move while it's waited for, so that neither reading an answer nor
/// sending a body a byte at a time holds a connection for ever.
///
/// It costs nothing while all goes well: the timer starts when the socket first makes us wait, and
/// only time spent waiting counts.
#[derive(Debug)]
pub(super) struct Pace {
    window: Duration,
    /// Bytes, either way, in one window.
    least: u64,
    moved: u64,
    waiting: bool,
    end: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    pub fn new(window: Duration, least: u64) -> Self {
        Self { window, least, moved: 0, waiting: false, end: None }
    }

    /// The client took or gave something.
    pub fn moved(&mut self, bytes: usize) {
        self.waiting = false;
        self.moved = self.moved.saturating_add(bytes as u64);
    }

    /// The client makes us wait; the task is woken when it has had its time.
    ///
    /// # Errors
    /// `TimedOut` when it moved too little in a whole window of waiting.
    pub fn wait(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let now = Instant::now();
        let end = match &mut self.end {
            Some(end) => {
                if !self.waiting && end.deadline() <= now {
                    // The window passed while nobody waited for the client.
                    self.moved = 0;
                    end.as_mut().reset(now + self.window);
                }
                end
            }
            None => {
                self.moved = 0;
                self.end.insert(Box::pin(sleep_until(now + self.window)))
            }
        };
        self.waiting = true;
        while let Poll::Ready(()) = end.as_mut().poll(cx) {
            if self.moved < self.least {
                return Err(io::Error::new(io::ErrorKind::TimedOut, TooSlow));
            }
            self.moved = 0;
            end.as_mut().reset(now + self.window);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    async fn waits(pace: &mut Pace) -> bool {
        poll_fn(|cx| Poll::Ready(pace.wait(cx).is_ok())).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_trickles_is_cut_and_a_slow_one_is_not() {
        let second = Duration::from_secs(1);
        let mut pace = Pace::new(10 * second, 1000);
        assert!(waits(&mut pace).await);
        for _ in 0..30 {
            tokio::time::advance(second).await;
            assert!(waits(&mut pace).await, "200 bytes a second are enough");
            pace.moved(200);
            assert!(waits(&mut pace).await);
        }
        let mut cut = 0;
        for _ in 0..30 {
            tokio::time::advance(second).await;
            // The timer wakes the task.
            cut += u32::from(!waits(&mut pace).await);
            pace.moved(1);
            assert!(waits(&mut pace).await);
        }
        assert!(cut > 0, "a byte a second isn't");
    }

    #[tokio::test(start_paused = true)]
    async fn time_that_nobody_waits_doesnt_count() {
        let mut pace = Pace::new(Duration::from_secs(10), 1000);
        assert!(waits(&mut pace).await);
        pace.moved(1);
        tokio::time::advance(Duration::from_secs(600)).await;
        assert!(waits(&mut pace).await);
        tokio::time::advance(Duration::from_secs(11)).await;
        assert!(!waits(&mut pace).await);
    }
}
