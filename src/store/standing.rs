//! How a network stands for an account: known or not, blocked or not, and what was counted.

use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Row, Sqlite, SqliteConnection};

use super::failure::unreadable;
use super::rules::Rules;
use crate::challenge::code::{NewBlock, Tallies};
use crate::flow::ports::account::Asks;
use crate::flow::ports::{NetworkStanding, StoreFailed};
use crate::limit::{Block, BlockReason, History};
use crate::model::{AccountId, Network, Reference, Timestamp};

/// The columns that [`Standing::of_rows`] reads.
macro_rules! standing_columns {
    () => {
        "k.network AS known, a.failures AS in_a_row, a.latest_failures, a.mails AS account_mails, \
         n.failures, n.failed_at, n.mails AS network_mails, b.reason, b.since, b.until, b.reference, \
         o.suspected_since, EXISTS (SELECT 1 FROM totp_devices d WHERE d.account = o.account) AS enrolled"
    };
}

/// The tables that they come from, for a query whose parameters $2 and $3 are the network and the
/// instant; account and skeleton are SQL expressions.
macro_rules! standing_joins {
    ($account:literal, $skeleton:literal) => {
        concat!(
            " LEFT JOIN known_networks k ON k.account = ",
            $account,
            " AND k.network = $2",
            " LEFT JOIN account_choices o ON o.account = ",
            $account,
            " LEFT JOIN tallies a ON a.skeleton = ",
            $skeleton,
            " AND a.network = ''",
            " LEFT JOIN tallies n ON n.skeleton = ",
            $skeleton,
            " AND n.network = $2",
            " LEFT JOIN blocks b ON b.skeleton = ",
            $skeleton,
            " AND (b.everywhere = 1 OR b.network = $2)",
            " AND (b.until IS NULL OR b.until > $3) "
        )
    };
}

/// The statement that writes what was counted. Its parameters are skeleton and network, and then the
/// nine that [`Standing::bind_tallies`] gives.
macro_rules! save_tallies {
    ($skeleton:literal, $network:literal, $one:literal, $two:literal, $three:literal, $four:literal, $five:literal,
     $six:literal, $seven:literal, $eight:literal, $nine:literal) => {
        concat!(
            "INSERT INTO tallies (skeleton, network, failures, failed_at, latest_failures, mails, forgotten_at) VALUES (",
            $skeleton, ", '', ", $one, ", NULL, ", $two, ", ", $three, ", ", $four, "), (",
            $skeleton, ", ", $network, ", ", $five, ", ", $six, ", ", $seven, ", ", $eight, ", ", $nine,
            ") ON CONFLICT (skeleton, network) DO UPDATE SET failures = excluded.failures, \
             failed_at = excluded.failed_at, latest_failures = excluded.latest_failures, mails = excluded.mails, \
             forgotten_at = excluded.forgotten_at"
        )
    };
}
pub(super) use {save_tallies, standing_columns, standing_joins};

/// An account seen from a network.
pub(super) struct Standing {
    account: AccountId,
    skeleton: String,
    network: Network,
    /// On record as known, whatever is suspected.
    recorded: bool,
    suspected: bool,
    enrolled: bool,
    blocks: Vec<Block>,
    /// What was counted; to be [saved](Self::save) when changed.
    pub(super) tallies: Tallies,
    loaded: Tallies,
}

impl Standing {
    /// Everything about `account` from `network` in one read.
    pub(super) async fn load(
        connection: &mut SqliteConnection,
        account: &AccountId,
        network: Network,
        created_from: Option<Network>,
        now: Timestamp,
    ) -> Result<Self, StoreFailed> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            standing_columns!(),
            " FROM (SELECT 1) AS one",
            standing_joins!("$1", "$4")
        ))
        .bind(account.as_str())
        .bind(network.to_string())
        .bind(now.as_millis())
        .bind(account.skeleton().as_str().to_owned())
        .fetch_all(connection)
        .await?;
        Self::of_rows(&rows, account, network, created_from)
    }

    /// Reads it from the rows of a query over [`standing_columns`], one for each block in force and
    /// at least one.
    pub(super) fn of_rows(
        rows: &[SqliteRow],
        account: &AccountId,
        network: Network,
        created_from: Option<Network>,
    ) -> Result<Self, StoreFailed> {
        let first = rows.first().ok_or_else(|| unreadable("standing"))?;
        let recorded = first.try_get::<Option<&str>, _>("known")?.is_some() || created_from == Some(network);
        let tallies = tallies_of(first)?;
        Ok(Self {
            account: account.clone(),
            skeleton: account.skeleton().as_str().to_owned(),
            network,
            recorded,
            suspected: first.try_get::<Option<i64>, _>("suspected_since")?.is_some(),
            enrolled: first.try_get::<i64, _>("enrolled")? != 0,
            blocks: rows.iter().filter_map(|row| block_of(row).transpose()).collect::<Result<_, _>>()?,
            loaded: tallies.clone(),
            tallies,
        })
    }

    /// Verified before, or the creation network. While the password is suspected, none is known.
    pub(super) fn known(&self) -> bool {
        self.recorded && !self.suspected
    }

    /// Whether the account has an authenticator app.
    pub(super) fn enrolled(&self) -> bool {
        self.enrolled
    }

    /// What a login, or a session that turned up here, has to show; `None`: nothing. `remembered`:
    /// its browser skips the app's code, which is never worth anything on an unknown network.
    pub(super) fn asks(&self, rules: &Rules, remembered: bool) -> Option<Asks> {
        match (self.enrolled, self.known()) {
            (false, true) => None,
            (false, false) => Some(Asks::Mail),
            (true, true) => (!remembered).then_some(Asks::Factor),
            // Somebody who enrolled a phone of his own with a stolen password must not come back
            // with it once that was reported: his mailbox isn't the owner's.
            (true, false) if rules.factors.mail_too || self.suspected => Some(Asks::FactorThenMail),
            (true, false) => Some(Asks::Factor),
        }
    }

    /// The block in force.
    pub(super) fn block(&self) -> Option<Block> {
        Block::lasting_longest(self.blocks.iter().copied().filter(|block| self.holds_here(block.reason)))
    }

    /// Whether a block for this reason holds here. Known networks go on through those for everywhere.
    /// A known network's own counts where it's asked for the app's code all the same.
    fn holds_here(&self, reason: BlockReason) -> bool {
        !self.known()
            || match reason {
                BlockReason::Reported => true,
                BlockReason::WrongCodes => self.enrolled,
                BlockReason::WrongCodesEverywhere | BlockReason::SupportNeeded => false,
            }
    }

    /// Tries left before a block that holds here.
    pub(super) fn tries_left(&self, rules: &Rules, now: Timestamp) -> u32 {
        if self.known() {
            self.tallies.network.tries_left(&rules.challenge, now)
        } else {
            self.tallies.tries_left(&rules.challenge, now)
        }
    }

    pub(super) fn of_network(&self) -> NetworkStanding {
        match self.block() {
            Some(block) => NetworkStanding::Blocked(block),
            None if self.known() => NetworkStanding::Known,
            None => NetworkStanding::Unknown,
        }
    }

    /// Writes what was counted, if it changed.
    pub(super) async fn save(&self, connection: &mut SqliteConnection, rules: &Rules) -> Result<(), StoreFailed> {
        if self.tallies == self.loaded {
            return Ok(());
        }
        let query = sqlx::query(save_tallies!("$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11"));
        let query = query.bind(self.skeleton.clone()).bind(self.network.to_string());
        self.bind_tallies(query, rules).execute(connection).await?;
        Ok(())
    }

    /// What was counted, as the nine parameters of [`save_tallies`] behind skeleton and network.
    pub(super) fn bind_tallies<'q>(
        &self,
        query: Query<'q, Sqlite, SqliteArguments>,
        rules: &Rules,
    ) -> Query<'q, Sqlite, SqliteArguments> {
        let Tallies { network, account } = &self.tallies;
        let forgotten = |at: Option<Timestamp>| at.map_or(0, Timestamp::as_millis);
        query
            .bind(i64::from(account.in_a_row))
            .bind(account.failures.to_bytes())
            .bind(account.mails.to_bytes())
            .bind(forgotten(account.forgotten_at(&rules.challenge)))
            .bind(i64::from(network.failures))
            .bind(network.failed_at.map(Timestamp::as_millis))
            .bind(Vec::new())
            .bind(network.mails.to_bytes())
            .bind(forgotten(network.forgotten_at(&rules.challenge)))
    }

    /// Puts blocks up under one reference; gives the one to tell the user about, if one holds here.
    pub(super) async fn block_for(
        &self,
        connection: &mut SqliteConnection,
        blocks: &[NewBlock],
        reference: Reference,
        now: Timestamp,
    ) -> Result<Option<Block>, StoreFailed> {
        for block in blocks {
            sqlx::query(
                "INSERT INTO blocks (reference, reason, account, skeleton, network, everywhere, since, until) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(reference.to_string())
            .bind(block.reason.as_str())
            .bind(self.account.as_str())
            .bind(&self.skeleton)
            .bind(self.network.to_string())
            .bind(i64::from(block.reason.everywhere()))
            .bind(now.as_millis())
            .bind(block.until.map(Timestamp::as_millis))
            .execute(&mut *connection)
            .await?;
        }
        let put_up =
            blocks.iter().map(|block| Block { reason: block.reason, since: now, until: block.until, reference });
        // The third wrong one here ends what was pending, also where the network has become known.
        let counts = |block: &Block| block.reason == BlockReason::WrongCodes || self.holds_here(block.reason);
        Ok(Block::lasting_longest(put_up.filter(counts)))
    }
}

fn tallies_of(row: &SqliteRow) -> Result<Tallies, StoreFailed> {
    let mut tallies = Tallies::default();
    if let Some(in_a_row) = row.try_get::<Option<i64>, _>("in_a_row")? {
        tallies.account.in_a_row = counted(in_a_row)?;
        tallies.account.failures = history(row.try_get("latest_failures")?)?;
        tallies.account.mails = history(row.try_get("account_mails")?)?;
    }
    if let Some(failures) = row.try_get::<Option<i64>, _>("failures")? {
        tallies.network.failures = counted(failures)?;
        tallies.network.failed_at = row.try_get::<Option<i64>, _>("failed_at")?.map(Timestamp::from_millis);
        tallies.network.mails = history(row.try_get("network_mails")?)?;
    }
    Ok(tallies)
}

pub(super) fn block_of(row: &SqliteRow) -> Result<Option<Block>, StoreFailed> {
    let Some(reason) = row.try_get::<Option<&str>, _>("reason")? else { return Ok(None) };
    Ok(Some(Block {
        reason: BlockReason::of_str(reason).ok_or_else(|| unreadable("reason of a block"))?,
        since: Timestamp::from_millis(row.try_get("since")?),
        until: row.try_get::<Option<i64>, _>("until")?.map(Timestamp::from_millis),
        reference: Reference::parse(row.try_get("reference")?).map_err(|_| unreadable("reference"))?,
    }))
}

fn counted(count: i64) -> Result<u32, StoreFailed> {
    u32::try_from(count).map_err(|_| unreadable("count"))
}

pub(super) fn history(bytes: &[u8]) -> Result<History, StoreFailed> {
    History::of_bytes(bytes).ok_or_else(|| unreadable("history"))
}
