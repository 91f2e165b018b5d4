//! Notices that haven't left yet.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::events;
use super::failure::unreadable;
use crate::flow::ports::{Notice, NoticeId, Notifying, StoreFailed};
use crate::model::{EmailAddress, Language};

/// Keeps one.
pub(super) async fn keep(connection: &mut SqliteConnection, notifying: &Notifying) -> Result<NoticeId, StoreFailed> {
    let Notifying { notice, of, fallback, also } = notifying;
    let (notice, about) = notice.to_words();
    let also: Vec<&str> = also.iter().map(|address| address.as_address().as_ref()).collect();
    let kept = sqlx::query(
        "INSERT INTO notices (notice, about, account, at, kind, network, browser, detail, language, also) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
    )
    .bind(notice)
    .bind(about)
    .bind(of.account.as_str())
    .bind(of.at.as_millis())
    .bind(of.kind.slug())
    .bind(of.network.to_string())
    .bind(&of.browser)
    .bind(of.detail.as_deref())
    .bind(fallback.tag())
    .bind(also.join("\n"))
    .fetch_one(connection)
    .await?;
    Ok(NoticeId::of_number(kept.try_get(0)?))
}

/// Forgets one.
pub(super) async fn left(connection: &mut SqliteConnection, notice: NoticeId) -> Result<(), StoreFailed> {
    sqlx::query("DELETE FROM notices WHERE id = $1").bind(notice.number()).execute(connection).await?;
    Ok(())
}

/// All, oldest first.
pub(super) async fn kept(connection: &mut SqliteConnection) -> Result<Vec<(NoticeId, Notifying)>, StoreFailed> {
    let rows = sqlx::query(
        "SELECT account, at, kind, network, browser, detail, id, notice, about, language, also \
         FROM notices ORDER BY id",
    )
    .fetch_all(connection)
    .await?;
    rows.iter().map(of_row).collect()
}

fn of_row(row: &SqliteRow) -> Result<(NoticeId, Notifying), StoreFailed> {
    let also: &str = row.try_get("also")?;
    let notifying = Notifying {
        notice: Notice::of_words(row.try_get("notice")?, row.try_get("about")?).ok_or_else(|| unreadable("notice"))?,
        of: events::of_row(row)?,
        fallback: Language::of_tag(row.try_get("language")?).ok_or_else(|| unreadable("language"))?,
        also: also
            .lines()
            .map(|address| EmailAddress::parse(address).map_err(|_| unreadable("address")))
            .collect::<Result<_, _>>()?,
    };
    Ok((NoticeId::of_number(row.try_get("id")?), notifying))
}
