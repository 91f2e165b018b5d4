-- Notices that haven't left yet, oldest first: kept from before the answer that tells of what happened
-- until the mail server has taken them, or nobody will.
CREATE TABLE notices (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    notice   TEXT   NOT NULL,
    about    TEXT   NOT NULL,
    account  TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    kind     TEXT   NOT NULL,
    network  TEXT   NOT NULL,
    browser  TEXT   NOT NULL,
    detail   TEXT,
    language TEXT   NOT NULL,
    -- Addresses beside those on record, one a line.
    also     TEXT   NOT NULL
);
