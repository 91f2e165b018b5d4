//! The outbox: takes mails over at once and carries them away on its own.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use metrics::{counter, gauge};
use tokio::runtime::Handle;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;

use super::compose::{Letter, Parcel, compose};
use super::folder::Folder;
use super::ledger::{Ledger, Phase};
use super::smtp::Smtp;
use super::{Backoff, Health, MailTrouble, Sender, Settings, Transport};
use crate::flow::ports::{MailStatus, Receipt};
use crate::model::{ChallengeId, EmailAddress, Timestamp};

/// Challenges whose mail's fate is remembered: some 100 bytes each.
const REMEMBERED: usize = 100_000;
/// How long the folder may take for one file.
const FOLDER_TIMEOUT: Duration = Duration::from_secs(10);
/// How often connections that nobody used are looked through.
const TIDY_EVERY: Duration = Duration::from_secs(15);

/// The gate's clock.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A mail in words. One message goes to each address.
#[derive(Clone)]
pub struct Message {
    /// Which challenge it's for, to ask about later; none for a notice, which nobody asks about, which
    /// has time, and which leaves room for mails that somebody waits for.
    pub challenge: Option<ChallengeId>,
    /// To whom; the same address twice gets one message.
    pub to: Vec<EmailAddress>,
    /// Subject; line breaks in it become spaces.
    pub subject: String,
    /// The mail as plain text.
    pub text: String,
    /// The mail as HTML.
    pub html: String,
    /// When it's of no use any more: the end of all tries.
    pub deadline: Timestamp,
}

/// Mail can't be set up as the configuration asks.
#[derive(Debug, thiserror::Error)]
pub enum MailSetupFailed {
    /// The file of extra certificates.
    #[error("the certificates in {} can't be used: {reason}", path.display())]
    Roots {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// TLS as such.
    #[error("TLS can't be set up: {0}")]
    Tls(String),
    /// The name for `EHLO`.
    #[error("the name to greet the mail server with isn't a host name")]
    Hello,
    /// The folder.
    #[error("mails can't be put into {}: {error}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// Why one try failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server can't be used: tried again, and everybody is told that it's down. The words hold
    /// no address.
    Server { trouble: MailTrouble, words: String },
    /// The server said "later" to this mail (4xx): tried again.
    Later(String),
    /// The server said no to this mail (5xx): the end of it.
    Refused(Option<String>),
}

impl Failure {
    pub(super) fn server(trouble: MailTrouble, words: impl Into<String>) -> Self {
        Self::Server { trouble, words: words.into() }
    }

    pub(super) fn refused(codes: Option<String>) -> Self {
        Self::Refused(codes)
    }
}

/// Takes mails and carries them away; never makes the caller wait. Clones are the same outbox.
#[derive(Clone)]
pub struct Outbox {
    post: Arc<Post>,
}

enum Carrier {
    Smtp(Box<Smtp>),
    Folder(Folder),
}

struct Post {
    from: Sender,
    carrier: Carrier,
    backoff: Backoff,
    clock: Clock,
    runtime: Handle,
    /// A permit for each message that is waiting or under way.
    room: Arc<Semaphore>,
    /// The same for notices, which get half of the room: while the server is down for hours they pile
    /// up, and a code must still find a place.
    notice_room: Arc<Semaphore>,
    /// A permit for each connection at once.
    turns: Semaphore,
    ledger: Mutex<Ledger>,
    health: Mutex<Health>,
    /// Wakes mails that wait when the server is back.
    back: Notify,
    tasks: TaskTracker,
}

/// One message to one recipient.
struct Delivery {
    challenge: Option<ChallengeId>,
    deadline: Timestamp,
    phase: Phase,
    id: u128,
    parcel: Arc<Parcel>,
    under_way: Arc<UnderWay>,
    _room: (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>),
}

/// A mail on its way to several addresses, and who wants to know when all of that is over.
struct UnderWay {
    open: AtomicUsize,
    receipt: Mutex<Option<Receipt>>,
}

impl UnderWay {
    fn of(addresses: usize, receipt: Option<Receipt>) -> Arc<Self> {
        let under_way = Self { open: AtomicUsize::new(addresses), receipt: Mutex::new(receipt) };
        if addresses == 0 {
            under_way.tell();
        }
        Arc::new(under_way)
    }

    /// Nothing more will become of it at one of the addresses.
    fn ended(&self) {
        if self.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.tell();
        }
    }

    fn tell(&self) {
        if let Some(receipt) = self.receipt.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Who has gone away doesn't want to know.
            let _ = receipt.send(());
        }
    }
}

impl Outbox {
    /// An outbox whose tasks run on `runtime`. `clock` is the gate's own.
    ///
    /// # Errors
    /// When certificates can't be read or the folder can't be made. A server that can't be reached
    /// is no error: it may come later, and [`Outbox::health`] tells.
    pub fn start(settings: Settings, clock: Clock, runtime: Handle) -> Result<Self, MailSetupFailed> {
        let (carrier, turns) = match settings.transport {
            Transport::Smtp(smtp) => {
                let connections = smtp.connections.max(1);
                (Carrier::Smtp(Box::new(Smtp::new(smtp)?)), connections)
            }
            Transport::Folder { path } => {
                let folder = Folder::open(path.clone()).map_err(|error| MailSetupFailed::Folder { path, error })?;
                (Carrier::Folder(folder), 1)
            }
        };
        let queue = settings.queue.clamp(1, Semaphore::MAX_PERMITS);
        let post = Arc::new(Post {
            from: settings.from,
            carrier,
            backoff: settings.backoff,
            clock,
            runtime: runtime.clone(),
            room: Arc::new(Semaphore::new(queue)),
            notice_room: Arc::new(Semaphore::new(queue.div_ceil(2))),
            turns: Semaphore::new(turns),
            ledger: Mutex::new(Ledger::new(REMEMBERED)),
            health: Mutex::new(Health::UNTRIED),
            back: Notify::new(),
            tasks: TaskTracker::new(),
        });
        gauge!("poterne_mail_queue").set(0);
        gauge!("poterne_mail_up").set(1);
        let watched = Arc::downgrade(&post);
        let (probe_every, mut first) = (settings.probe_every, settings.probe_every.is_some());
        runtime.spawn(async move {
            // Ends with the outbox.
            while let Some(post) = watched.upgrade() {
                post.tidy(probe_every.is_some(), first).await;
                drop(post);
                first = false;
                sleep(probe_every.unwrap_or(TIDY_EVERY)).await;
            }
        });
        Ok(Self { post })
    }

    /// Takes a mail over. It's refused ([`MailStatus::Failed`]) when the queue is full, when there's
    /// nobody to send it to, and when the outbox is closing.
    pub fn send(&self, message: Message) {
        self.take(message, None);
    }

    /// The same; `receipt` is told once nothing more will become of the mail: every address was served
    /// or given up. It's dropped if the mail was refused but may be taken later.
    pub fn send_with_receipt(&self, message: Message, receipt: Receipt) {
        self.take(message, Some(receipt));
    }

    fn take(&self, message: Message, receipt: Option<Receipt>) {
        let post = &self.post;
        let now = (post.clock)();
        let mut to: Vec<EmailAddress> = Vec::with_capacity(message.to.len());
        for address in &message.to {
            if !to.contains(address) {
                to.push(address.clone());
            }
        }
        if to.is_empty() {
            post.refuse(&message, now, "no-address");
        }
        let under_way = UnderWay::of(to.len(), receipt);
        for address in to {
            if post.tasks.is_closed() {
                post.refuse(&message, now, "closing");
                continue;
            }
            let Some(room) = post.take_room(message.challenge.is_none()) else {
                post.refuse(&message, now, "overflow");
                continue;
            };
            let id = rand::random();
            let letter = Letter {
                from: &post.from,
                to: &address,
                subject: &message.subject,
                text: &message.text,
                html: &message.html,
                sent_at: now,
                id,
            };
            match compose(&letter) {
                Err(error) => {
                    tracing::error!(%error, "a mail could not be written");
                    post.refuse(&message, now, "unwritable");
                    under_way.ended();
                }
                Ok(parcel) => {
                    post.note(&message, Phase::Queued, now);
                    gauge!("poterne_mail_queue").increment(1);
                    let delivery = Delivery {
                        challenge: message.challenge,
                        deadline: message.deadline,
                        phase: Phase::Queued,
                        id,
                        parcel: Arc::new(parcel),
                        under_way: Arc::clone(&under_way),
                        _room: room,
                    };
                    post.tasks.spawn_on(Arc::clone(post).carry(delivery), &post.runtime);
                }
            }
        }
    }

    /// What became of the mail for a challenge: [`MailStatus::Sent`] once every address was taken.
    /// A mail that waits behind a server that is down counts as [`MailStatus::Retrying`].
    pub fn status(&self, challenge: ChallengeId) -> MailStatus {
        let (status, known) = {
            let ledger = self.post.lock_ledger();
            (ledger.status(challenge), ledger.knows(challenge))
        };
        if status == MailStatus::Queued && known && self.health().is_down() { MailStatus::Retrying } else { status }
    }

    /// Whether the mail server can be used, as far as is known.
    pub fn health(&self) -> Health {
        *self.post.lock_health()
    }

    /// The sender of all mails, for pages to name (b17).
    pub fn sender(&self) -> &Sender {
        &self.post.from
    }

    /// Takes no more mails and waits until those under way have come to an end. Callers put their
    /// own limit on it: a mail may be waiting for its next try.
    pub async fn drain(&self) {
        self.post.tasks.close();
        self.post.tasks.wait().await;
        if let Carrier::Smtp(smtp) = &self.post.carrier {
            smtp.close_all().await;
        }
    }
}

impl Post {
    /// Room for one message; none where the queue is full.
    fn take_room(&self, notice: bool) -> Option<(OwnedSemaphorePermit, Option<OwnedSemaphorePermit>)> {
        let own = if notice { Some(Arc::clone(&self.notice_room).try_acquire_owned().ok()?) } else { None };
        Some((Arc::clone(&self.room).try_acquire_owned().ok()?, own))
    }

    /// Brings one message to its end.
    async fn carry(self: Arc<Self>, mut delivery: Delivery) {
        let mut failures: u32 = 0;
        let backoff = if delivery.challenge.is_some() { self.backoff } else { self.backoff.patient() };
        let (phase, outcome) = loop {
            let Err(failure) = self.attempt(&delivery).await else { break (Phase::Sent, "sent") };
            let back = match failure {
                Attempt::TooLate => break (Phase::Failed, "expired"),
                Attempt::Failed(Failure::Refused(codes)) => {
                    let codes = codes.as_deref().unwrap_or("-");
                    tracing::warn!(to = %delivery.parcel.to.masked(), codes, "a mail was refused for good");
                    break (Phase::Failed, "refused");
                }
                Attempt::Failed(Failure::Later(codes)) => {
                    tracing::info!(to = %delivery.parcel.to.masked(), codes, "a mail is to be sent again later");
                    false
                }
                Attempt::Failed(Failure::Server { .. }) => true,
            };
            failures = failures.saturating_add(1);
            counter!("poterne_mail_total", "outcome" => "retried").increment(1);
            let delay = backoff.delay(failures, &mut rand::rng());
            if (self.clock)() + delay >= delivery.deadline {
                break (Phase::Failed, "expired");
            }
            self.advance(&mut delivery, Phase::Retrying);
            tokio::select! {
                () = sleep(delay) => {}
                () = self.back.notified(), if back => {}
            }
        };
        if outcome == "expired" {
            tracing::warn!(to = %delivery.parcel.to.masked(), failures, "a mail could not be sent in time");
        }
        self.advance(&mut delivery, phase);
        delivery.under_way.ended();
        counter!("poterne_mail_total", "outcome" => outcome).increment(1);
        gauge!("poterne_mail_queue").decrement(1);
    }

    /// One try, when a turn is free.
    async fn attempt(&self, delivery: &Delivery) -> Result<(), Attempt> {
        let left = delivery.deadline.since((self.clock)());
        let turn = timeout(left, self.turns.acquire()).await;
        let Ok(Ok(_turn)) = turn else { return Err(Attempt::TooLate) };
        let left = delivery.deadline.since((self.clock)());
        if left.is_zero() {
            return Err(Attempt::TooLate);
        }
        // A try that the deadline cuts short says nothing about the server.
        let result = timeout(left, async {
            match &self.carrier {
                Carrier::Smtp(smtp) => within(smtp.timeout(), smtp.deliver(&delivery.parcel)).await,
                Carrier::Folder(folder) => {
                    let put = folder.put(Arc::clone(&delivery.parcel), delivery.id, (self.clock)());
                    let put = async { put.await.map_err(|e| Failure::server(MailTrouble::Folder, e.to_string())) };
                    within(FOLDER_TIMEOUT, put).await
                }
            }
        })
        .await
        .map_err(|_| Attempt::TooLate)?;
        self.learn(&result);
        result.map_err(Attempt::Failed)
    }

    /// Closes unused connections and looks whether the server is (back) there.
    async fn tidy(&self, probes: bool, first: bool) {
        let Carrier::Smtp(smtp) = &self.carrier else { return };
        smtp.close_unused().await;
        let down = self.lock_health().is_down();
        if probes && (first || down) {
            let result = within(smtp.timeout(), smtp.probe()).await;
            self.learn(&result);
        }
    }

    /// What a try says about the server.
    fn learn(&self, result: &Result<(), Failure>) {
        let now = (self.clock)();
        if let Err(Failure::Server { trouble, words }) = result {
            let news = self.lock_health().failed(*trouble, now);
            if news {
                tracing::warn!(trouble = trouble.as_str(), reason = %words, "mails can't be sent");
            }
            gauge!("poterne_mail_up").set(0);
        } else {
            // Also "later" and "no" mean that there's a server that can be talked to.
            let news = self.lock_health().reached(now);
            if news {
                tracing::info!("mails can be sent");
                self.back.notify_waiters();
            }
            gauge!("poterne_mail_up").set(1);
        }
    }

    fn refuse(&self, message: &Message, now: Timestamp, outcome: &'static str) {
        tracing::warn!(outcome, "a mail was not taken");
        counter!("poterne_mail_total", "outcome" => outcome).increment(1);
        self.note(message, Phase::Failed, now);
    }

    fn note(&self, message: &Message, phase: Phase, now: Timestamp) {
        if let Some(challenge) = message.challenge {
            self.lock_ledger().begin(challenge, phase, message.deadline, now);
        }
    }

    fn advance(&self, delivery: &mut Delivery, phase: Phase) {
        if let Some(challenge) = delivery.challenge {
            self.lock_ledger().advance(challenge, delivery.phase, phase);
        }
        delivery.phase = phase;
    }

    fn lock_ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Attempt {
    /// The deadline came first.
    TooLate,
    Failed(Failure),
}

async fn within(limit: Duration, work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    timeout(limit, work)
        .await
        .unwrap_or_else(|_| Err(Failure::server(MailTrouble::Timeout, "the server didn't answer in time")))
}
